// What the scenarios of second factors share: a TOTP method that is enforced for a mount, and its passcodes.
import { fromBase32 } from '../../core/sdk/index.js';
import { passcode } from '../../core/auto-auth/mfa/totp.js';
import { plant } from './collector.js';
import type { Rig } from './rig.js';

/** A TOTP method and the key that a user has for it. */
export interface Enforced {
  readonly methodId: string;
  /** The otpauth:// URL of the user's key. */
  readonly url: string;
}

/** Makes the method `phone`, a key for a user of a userpass mount, and enforces it for the mount. */
export async function enforceTotp(
  rig: Rig,
  mount: string,
  user: { readonly name: string; readonly password: string },
): Promise<Enforced> {
  const first = await rig.admin('POST', `auth/${mount}/login/${user.name}`, { password: user.password });
  await rig.admin('POST', 'auth/token/revoke', { token: first.auth.client_token });
  const settings = { issuer: 'vault', method_name: 'phone' };
  const methodId: string = (await rig.admin('POST', 'identity/mfa/method/totp', settings)).data.method_id;
  const key = { method_id: methodId, entity_id: first.auth.entity_id };
  const url: string = (await rig.admin('POST', 'identity/mfa/method/totp/admin-generate', key)).data.url;
  plant('a TOTP secret', new URL(url).searchParams.get('secret') ?? '');
  const enforcement = { mfa_method_ids: [methodId], auth_method_types: [mount] };
  await rig.admin('POST', 'identity/mfa/login-enforcement/people', enforcement);
  return { methodId, url };
}

/** The passcode of a moment. */
export function codeOf(url: string, nowMs: number): string {
  const key = fromBase32(new URL(url).searchParams.get('secret') ?? '') ?? Buffer.alloc(0);
  return passcode({ key, digits: 6, periodMs: 30_000, algorithm: 'SHA1' }, Math.floor(nowMs / 30_000));
}
