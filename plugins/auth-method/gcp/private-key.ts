// The private key of a service account, and what is signed with it. Asks nobody.
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { agentError, Secret, signJwt } from 'claviger/sdk';
import type { ServiceAccountKey } from './google-credential.js';

/** RS256 with the key's id in the header. Throws AUTH_CREDENTIAL_INVALID, which never quotes the key. */
export function signedBy(account: ServiceAccountKey, claims: Readonly<Record<string, unknown>>): Secret {
  const header = account.keyId === '' ? {} : { kid: account.keyId };
  return new Secret(signJwt({ alg: 'RS256', header, claims, key: keyOf(account) }));
}

function keyOf({ privateKey, email }: ServiceAccountKey): KeyObject {
  try {
    return createPrivateKey(privateKey.reveal());
  } catch {
    throw agentError('AUTH_CREDENTIAL_INVALID', {
      what: `private_key of ${email}`,
      why: 'it is not a PEM private key',
    });
  }
}
