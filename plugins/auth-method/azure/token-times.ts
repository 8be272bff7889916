// When a token expires, read from its claims without proving them; good only for a warning. Pure.
import type { Secret } from 'claviger/sdk';

/** Seconds since the `exp` of a token; 0 while it is valid or when it does not say. */
export function lateBy(jwt: Secret, nowMs: number): number {
  try {
    const claims = JSON.parse(Buffer.from(jwt.reveal().split('.')[1] ?? '', 'base64url').toString('utf8')) as unknown;
    const expires = (claims as { readonly exp?: unknown } | null)?.exp;
    return typeof expires === 'number' ? Math.max(0, Math.ceil(nowMs / 1000 - expires)) : 0;
  } catch {
    return 0;
  }
}
