// An access token for Google's APIs by any kind of credential. (Spec auth-wire 6.3, step 2.)
import { Secret } from 'claviger/sdk';
import { externalToken } from './external-account.js';
import type { AuthorizedUser, GoogleCredential, ServiceAccountKey } from './google-credential.js';
import { impersonatedToken } from './impersonation.js';
import { machineToken } from './metadata.js';
import { signedBy } from './private-key.js';
import type { Scene } from './settings.js';
import { askGoogle, SCOPE } from './token-endpoint.js';

const LIFE_S = 3600;
const SECOND_MS = 1000;

/** Asks for a token. Throws AUTH_CREDENTIAL_ codes for a credential that is refused, SERVICE_ codes for trouble. */
export async function accessToken(scene: Scene, credential: GoogleCredential, signal: AbortSignal): Promise<Secret> {
  switch (credential.kind) {
    case 'metadata':
      return machineToken(scene, signal);
    case 'service_account':
      return byKey(scene, credential, signal);
    case 'authorized_user':
      return byRefresh(scene, credential, signal);
    case 'external_account': {
      const token = await externalToken(scene, credential, signal);
      const { impersonation } = credential;
      return impersonation === undefined ? token : impersonatedToken(scene, impersonation, token, signal);
    }
    case 'impersonated_service_account': {
      const token = await accessToken(scene, credential.source, signal);
      return impersonatedToken(scene, credential.impersonation, token, signal);
    }
  }
}

// RFC 7523; a fresh assertion for each attempt.
async function byKey(scene: Scene, account: ServiceAccountKey, signal: AbortSignal): Promise<Secret> {
  const now = Math.floor(scene.clock.now() / SECOND_MS);
  const claims = { iss: account.email, scope: SCOPE, aud: account.tokenUri, iat: now, exp: now + LIFE_S };
  const assertion = signedBy(account, claims);
  const token = await askGoogle({
    url: account.tokenUri,
    clock: scene.clock,
    signal,
    form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: assertion.reveal() },
    member: 'access_token',
    refused: {
      what: `the key of ${account.email}`,
      hint: 'was the key deleted or the account disabled, and is the clock of this machine right?',
      sent: [assertion],
    },
  });
  return new Secret(token);
}

async function byRefresh(scene: Scene, user: AuthorizedUser, signal: AbortSignal): Promise<Secret> {
  const { clientId, clientSecret, refreshToken, tokenUri } = user;
  const token = await askGoogle({
    url: tokenUri,
    clock: scene.clock,
    signal,
    form: {
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret.reveal(),
      refresh_token: refreshToken.reveal(),
    },
    member: 'access_token',
    refused: {
      what: 'the login of gcloud (authorized_user)',
      hint: 'it may have expired: gcloud auth application-default login',
      sent: [clientSecret, refreshToken],
    },
  });
  return new Secret(token);
}
