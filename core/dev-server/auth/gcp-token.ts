// Proves the token of a gcp login: algorithm, key, times, audience. (Spec auth-wire 6.3, server checks.)
import { fault } from '../backend.js';
import type { GcpConfig } from './gcp-config.js';
import { accountKey, googleKey } from './gcp-google.js';
import type { GcpRole } from './gcp-role.js';
import { parseJws, signatureHolds } from './jws.js';
import type { Jws } from './jws.js';
import { audiencesOf } from './jwt-claims.js';

const ALGORITHMS = ['RS256', 'ES256'];
const LEEWAY_MS = 60_000;
const MOST_MS = 60 * 60_000;

/** For whom the token must be, and when. */
export interface GcpExpected {
  readonly name: string;
  readonly role: GcpRole;
  readonly config: GcpConfig;
  readonly nowMs: number;
}

/** The claims of a proven token. Rejects with 400. */
export async function provenGcpClaims(
  jwt: string,
  { name, role, config, nowMs }: GcpExpected,
): Promise<Jws['claims'] & { readonly sub: string }> {
  const token = parsed(jwt);
  const { claims, keyId } = token;
  const sub = claims['sub'];
  if (typeof sub !== 'string' || sub === '')
    throw fault(400, 'expected JWT to have "sub" claim with service account id or email');
  if (keyId === undefined) throw fault(400, 'provided JWT must have "kid" header value');
  const google = await googleKey(config, keyId);
  const key = google ?? (role.type === 'iam' ? await accountKey(config, sub, keyId) : undefined);
  if (key === undefined) throw fault(400, `could not find public key with ID "${keyId}" for service account`);
  if (!signatureHolds(token, [key])) throw fault(400, 'unable to verify signature of JWT');
  checkTimes(claims['exp'], role, nowMs);
  checkAudience(audiencesOf(claims), name);
  return { ...claims, sub };
}

function parsed(jwt: string): Jws {
  try {
    const token = parseJws(jwt);
    if (ALGORITHMS.includes(token.algorithm)) return token;
  } catch {
    throw fault(400, 'error parsing JWT');
  }
  throw fault(400, 'error parsing JWT: unexpected signature algorithm');
}

function checkTimes(exp: unknown, role: GcpRole, nowMs: number): void {
  if (typeof exp !== 'number') throw fault(400, 'expected JWT to have "exp" claim');
  const leftMs = exp * 1000 - nowMs;
  if (leftMs < -LEEWAY_MS) throw fault(400, 'JWT is expired');
  if (leftMs > MOST_MS + LEEWAY_MS) throw fault(400, 'JWT expires in more than 60 minutes');
  if (role.type === 'iam' && leftMs > role.maxJwtExpMs) {
    throw fault(
      400,
      `role requires that service account JWTs expire within ${String(role.maxJwtExpMs / 1000)} seconds`,
    );
  }
}

function checkAudience(audiences: readonly string[], name: string): void {
  const suffix = `vault/${name}`;
  if (audiences.length > 0 && audiences.every((audience) => audience.endsWith(suffix))) return;
  throw fault(400, `validation failed, invalid audience claim (aud): must end with "${suffix}"`);
}
