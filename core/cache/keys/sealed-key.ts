// A data key sealed under a key that somebody else keeps: AES-256-GCM with a key of its own per blob. It must not know where the key comes from.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { agentError, type AgentError } from '../../sdk/index.js';

const VERSION = 1;
const SALT = 16;
const NONCE = 12;
const TAG = 16;
const LABEL = 'claviger cache data key v1';

const blobKey = (key: Uint8Array, salt: Uint8Array): Buffer => Buffer.from(hkdfSync('sha256', key, salt, LABEL, 32));

/** CACHE_UNSEAL_FAILED: never with data in it. */
export function unsealFailed(why: string): AgentError {
  return agentError('CACHE_UNSEAL_FAILED', { why });
}

/** Version, salt, nonce, the sealed data key, tag. */
export function sealKey(key: Uint8Array, dataKey: Uint8Array, binding: Uint8Array): Buffer {
  const salt = randomBytes(SALT);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', blobKey(key, salt), nonce).setAAD(binding);
  const sealed = [cipher.update(dataKey), cipher.final()];
  return Buffer.concat([Buffer.of(VERSION), salt, nonce, ...sealed, cipher.getAuthTag()]);
}

/** The data key. Throws CACHE_UNSEAL_FAILED for another key, another binding or damage. */
export function openKey(key: Uint8Array, blob: Uint8Array, binding: Uint8Array): Buffer {
  if (blob.length < 1 + SALT + NONCE + TAG || blob[0] !== VERSION) throw unsealFailed('its wrapped key is damaged');
  const nonceAt = 1 + SALT;
  const sealedAt = nonceAt + NONCE;
  try {
    const nonce = blob.subarray(nonceAt, sealedAt);
    const own = blobKey(key, blob.subarray(1, nonceAt));
    const options = { authTagLength: TAG };
    const decipher = createDecipheriv('aes-256-gcm', own, nonce, options).setAAD(binding);
    decipher.setAuthTag(blob.subarray(blob.length - TAG));
    return Buffer.concat([decipher.update(blob.subarray(sealedAt, blob.length - TAG)), decipher.final()]);
  } catch {
    throw unsealFailed('the key does not fit, or the wrapped key belongs to another store');
  }
}
