// What tells one credential from another for the lock-out, without keeping it: a hash that is worth nothing outside this process.
import { createHmac, randomBytes } from 'node:crypto';
import { Secret, type LoginPlan } from '../sdk/index.js';

const SALT = randomBytes(32);

/** Equal for equal credentials of this process. Without `credential` in the plan everything that is sent counts: body, headers, certificate. */
export function fingerprint(plan: LoginPlan): string {
  return createHmac('sha256', SALT).update(counted(plan)).digest('base64');
}

function counted(plan: LoginPlan): string {
  if (plan.credential !== undefined) return `credential ${plan.credential.reveal()}`;
  if ('token' in plan) return `token ${plan.token.reveal()}`;
  const { login, body, headers = [], tls } = plan;
  return JSON.stringify([login, body, headers, tls?.cert ?? '', tls?.key ?? ''], revealed);
}

// A Secret says "[secret]" of itself in JSON, which is the same for all.
function revealed(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Readonly<Record<string, unknown>>)[key];
  return original instanceof Secret ? original.reveal() : value;
}
