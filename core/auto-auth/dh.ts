// The curve25519 envelope of a delivery (spec config 4.5): X25519, optionally HKDF-SHA256, AES-256-GCM. Interoperable with the reference byte by byte.
// It must not know where keys and envelopes are kept.
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { agentError, type AgentError } from '../sdk/index.js';

/** An X25519 key pair; the public half raw, 32 bytes. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: Buffer;
}

/** Both sides must agree on these. */
export interface EnvelopeOptions {
  readonly deriveKey: boolean;
  readonly aad: string;
}

const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const fail = (why: string, cause?: unknown): AgentError => agentError('SINK_ENCRYPT_FAILED', { why }, { cause });

/** A key pair from 32 private bytes, random ones by default. Throws SINK_ENCRYPT_FAILED when they are not 32. */
export function keyPair(secret: Uint8Array = randomBytes(KEY_BYTES)): KeyPair {
  if (secret.byteLength !== KEY_BYTES)
    throw fail(`a curve25519 private key has ${KEY_BYTES} bytes, not ${secret.byteLength}`);
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: 'der', type: 'pkcs8' });
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: der.subarray(SPKI.byteLength) };
}

/** The 32 bytes of a public key in standard base64. Throws SINK_ENCRYPT_FAILED. */
export function publicKeyOf(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.byteLength !== KEY_BYTES) throw fail('curve25519_public_key is not the base64 of 32 bytes');
  return bytes;
}

/** The key both sides arrive at. Throws SINK_ENCRYPT_FAILED for a peer key that yields nothing secret. */
export function sharedKey(mine: KeyPair, peer: Buffer, deriveKey: boolean): Buffer {
  const secret = agree(mine, peer);
  if (!deriveKey) return secret;
  const order = Buffer.compare(mine.publicKey, peer);
  if (order === 0) throw fail('both public keys are the same');
  const [salt, info] = order < 0 ? [mine.publicKey, peer] : [peer, mine.publicKey];
  return Buffer.from(hkdfSync('sha256', secret, salt, info, KEY_BYTES));
}

function agree(mine: KeyPair, peer: Buffer): Buffer {
  let secret: Buffer;
  try {
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI, peer]), format: 'der', type: 'spki' });
    secret = diffieHellman({ privateKey: mine.privateKey, publicKey });
  } catch (cause) {
    throw fail('the public key of the reader is not usable', cause);
  }
  if (secret.every((byte) => byte === 0)) throw fail('the public key of the reader is not usable');
  return secret;
}

/** The envelope text with its newline. `nonce` is for tests. Throws SINK_ENCRYPT_FAILED. */
export function sealEnvelope(
  plain: string,
  keys: { readonly mine: KeyPair; readonly peer: Buffer },
  options: EnvelopeOptions,
  nonce: Buffer = randomBytes(NONCE_BYTES),
): string {
  const cipher = createCipheriv('aes-256-gcm', sharedKey(keys.mine, keys.peer, options.deriveKey), nonce);
  cipher.setAAD(Buffer.from(options.aad, 'utf8'));
  const payload = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const envelope = {
    curve25519_public_key: keys.mine.publicKey.toString('base64'),
    nonce: nonce.toString('base64'),
    encrypted_payload: payload.toString('base64'),
  };
  return `${JSON.stringify(envelope)}\n`;
}

/** Reads an envelope with the reader's private key (32 bytes): the plain text. Throws SINK_ENCRYPT_FAILED in words for people. */
export function openEnvelope(text: string, secret: Uint8Array, options: EnvelopeOptions): string {
  const { publicKey, nonce, payload } = parseEnvelope(text);
  const key = sharedKey(keyPair(secret), publicKey, options.deriveKey);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAAD(Buffer.from(options.aad, 'utf8'));
  decipher.setAuthTag(payload.subarray(payload.byteLength - TAG_BYTES));
  try {
    const head = decipher.update(payload.subarray(0, payload.byteLength - TAG_BYTES));
    return Buffer.concat([head, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw fail('it cannot be opened with this key, aad and derive_key', cause);
  }
}

function parseEnvelope(text: string): { publicKey: Buffer; nonce: Buffer; payload: Buffer } {
  let read: Record<string, unknown>;
  try {
    read = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw fail('this is no envelope: it is not JSON', cause);
  }
  const bytes = (key: string): Buffer => {
    const value = read?.[key];
    if (typeof value !== 'string') throw fail(`this is no envelope: ${key} is missing`);
    return Buffer.from(value, 'base64');
  };
  const publicKey = bytes('curve25519_public_key');
  const nonce = bytes('nonce');
  const payload = bytes('encrypted_payload');
  if (publicKey.byteLength !== KEY_BYTES || nonce.byteLength !== NONCE_BYTES || payload.byteLength < TAG_BYTES) {
    throw fail('this is no envelope: a part has the wrong length');
  }
  return { publicKey, nonce, payload };
}
