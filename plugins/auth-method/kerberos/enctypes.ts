// The table of encryption types this method speaks, and the names of those it knows of. Key usages are the numbers of RFC 4120, section 7.5.1.
import { randomBytes } from 'node:crypto';
import { checksumSha1, decryptSha1, encryptSha1 } from './enctype-sha1.js';
import { checksumSha2, decryptSha2, encryptSha2 } from './enctype-sha2.js';

/** A key of one encryption type. Never logged. */
export interface Key {
  readonly etype: number;
  readonly bytes: Buffer;
}

interface Enctype {
  readonly name: string;
  readonly keyBytes: number;
  readonly checksumType: number;
  readonly encrypt: typeof encryptSha1;
  readonly decrypt: typeof decryptSha1;
  readonly checksum: typeof checksumSha1;
}

const sha1 = { encrypt: encryptSha1, decrypt: decryptSha1, checksum: checksumSha1 };
const sha2 = { encrypt: encryptSha2, decrypt: decryptSha2, checksum: checksumSha2 };

const SPOKEN: ReadonlyMap<number, Enctype> = new Map([
  [18, { name: 'aes256-cts-hmac-sha1-96', keyBytes: 32, checksumType: 16, ...sha1 }],
  [17, { name: 'aes128-cts-hmac-sha1-96', keyBytes: 16, checksumType: 15, ...sha1 }],
  [20, { name: 'aes256-cts-hmac-sha384-192', keyBytes: 32, checksumType: 20, ...sha2 }],
  [19, { name: 'aes128-cts-hmac-sha256-128', keyBytes: 16, checksumType: 19, ...sha2 }],
]);

const KNOWN: Readonly<Record<number, string>> = {
  1: 'des-cbc-crc',
  3: 'des-cbc-md5',
  16: 'des3-cbc-sha1',
  23: 'arcfour-hmac (RC4)',
  24: 'arcfour-hmac-exp (RC4)',
  25: 'camellia128-cts-cmac',
  26: 'camellia256-cts-cmac',
};

const ALIASES: Readonly<Record<string, readonly number[]>> = {
  aes: [18, 17, 20, 19],
  default: [18, 17, 20, 19],
  'aes256-cts': [18],
  'aes256-sha1': [18],
  'aes128-cts': [17],
  'aes128-sha1': [17],
  'aes256-sha2': [20],
  'aes128-sha2': [19],
};

/** The types we speak, best first. */
export const ENCTYPES: readonly number[] = [...SPOKEN.keys()];

/** Name of an encryption type for messages. */
export const enctypeName = (etype: number): string =>
  SPOKEN.get(etype)?.name ?? KNOWN[etype] ?? `encryption type ${String(etype)}`;

/** Types that a name of krb5.conf stands for; empty for those we do not speak. */
export function enctypesNamed(name: string): readonly number[] {
  const lower = name.toLowerCase();
  const exact = ENCTYPES.filter((etype) => SPOKEN.get(etype)?.name === lower);
  return ALIASES[lower] ?? exact;
}

/** True when a key has the right number of bytes for a type we speak. */
export const isUsable = ({ etype, bytes }: Key): boolean => SPOKEN.get(etype)?.keyBytes === bytes.length;

/** Encrypts with a fresh confounder. Throws an Error for a type we do not speak. */
export const encrypt = (key: Key, usage: number, plain: Buffer): Buffer =>
  enctypeOf(key).encrypt(key.bytes, usage, plain, randomBytes(16));

/** The plain bytes; undefined when the key is another one. Throws an Error for a type we do not speak. */
export const decrypt = (key: Key, usage: number, cipher: Buffer): Buffer | undefined =>
  enctypeOf(key).decrypt(key.bytes, usage, cipher);

/** Keyed checksum and its type. Throws an Error for a type we do not speak. */
export function checksum(key: Key, usage: number, bytes: Buffer): { readonly type: number; readonly bytes: Buffer } {
  const enctype = enctypeOf(key);
  return { type: enctype.checksumType, bytes: enctype.checksum(key.bytes, usage, bytes) };
}

function enctypeOf(key: Key): Enctype {
  const found = SPOKEN.get(key.etype);
  if (found === undefined || !isUsable(key)) throw new Error(`${enctypeName(key.etype)} is not supported`);
  return found;
}
