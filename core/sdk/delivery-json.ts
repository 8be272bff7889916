// The JSON form of a delivery: one line that programs can read. Pure.
import type { Delivery } from './kinds/sink.js';

/**
 * `{"token":...,"form":...,"identity":...,"accessor":...,"expires_at":...}` and a line break; `expires_at` is RFC 3339, or null for never and for times
 * that no calendar has.
 */
export function deliveryJson({ payload, form, accessor, expiresAt, identity }: Delivery): string {
  const at = new Date(expiresAt);
  const expires_at = expiresAt === 0 || Number.isNaN(at.getTime()) ? null : at.toISOString();
  return `${JSON.stringify({ token: payload.reveal(), form, identity, accessor, expires_at })}\n`;
}
