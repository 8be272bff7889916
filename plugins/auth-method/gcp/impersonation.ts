// A token of another service account, got by the permission to impersonate it. (Spec auth-wire 6.3, step 2.)
import { Secret } from 'claviger/sdk';
import type { Impersonation } from './google-credential.js';
import type { Scene } from './settings.js';
import { askGoogle, SCOPE } from './token-endpoint.js';

/** Throws AUTH_CREDENTIAL_INVALID with what Google said, or a SERVICE_ code. */
export async function impersonatedToken(
  scene: Scene,
  { url, delegates, lifetimeS }: Impersonation,
  token: Secret,
  signal: AbortSignal,
): Promise<Secret> {
  const account = impersonatedAccount(url) ?? 'the account to impersonate';
  const lifetime = `${String(lifetimeS)}s`;
  const given = await askGoogle({
    url,
    clock: scene.clock,
    signal,
    json: { ...(delegates.length > 0 && { delegates }), scope: [SCOPE], lifetime },
    bearer: token.reveal(),
    member: 'accessToken',
    refused: {
      what: `impersonation of ${account}`,
      hint: 'it needs the role Service Account Token Creator on that account',
      sent: [token],
    },
  });
  return new Secret(given);
}

/** The account in an address such as `.../serviceAccounts/app@project.iam.gserviceaccount.com:generateAccessToken`. Pure. */
export const impersonatedAccount = (url: string): string | undefined =>
  /\/serviceAccounts\/([\w.%@+-]+):generateAccessToken$/.exec(new URL(url).pathname)?.[1]?.replaceAll('%40', '@');
