// Reads RSA keys in PEM, and their fingerprints. What the parser says is left out of messages: it could quote the key.
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { agentError, type AgentError, type Secret } from 'claviger/sdk';

/** A key. Throws AUTH_CREDENTIAL_INVALID; `what` names the source. */
export function rsaKey(pem: Secret, what: string, passphrase?: Secret): KeyObject {
  const text = pem.reveal();
  const isEncrypted = text.includes('ENCRYPTED');
  if (isEncrypted && passphrase === undefined)
    throw invalid(what, 'it is encrypted, and pass_phrase is not set in the profile');
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, ...(passphrase !== undefined && { passphrase: passphrase.reveal() }) });
  } catch {
    throw invalid(what, isEncrypted ? 'the passphrase does not open it' : 'it is not a PEM private key');
  }
  if (key.asymmetricKeyType !== 'rsa') throw invalid(what, 'it is not an RSA key');
  return key;
}

/** The fingerprint that Oracle's console shows: MD5 of the public key, colon separated. Undefined where MD5 is not to be had. */
export function md5Fingerprint(key: KeyObject): string | undefined {
  try {
    const digest = createHash('md5').update(createPublicKey(key).export({ type: 'spki', format: 'der' }));
    return colons(digest.digest('hex'));
  } catch {
    return undefined;
  }
}

/** `aa:bb:cc`. */
export const colons = (hex: string): string => hex.replace(/(..)(?=.)/g, '$1:');

function invalid(what: string, why: string): AgentError {
  return agentError('AUTH_CREDENTIAL_INVALID', { what, why });
}
