// What a KDC says, as DER, and keytab files. The double's own writer; it shares nothing with the plugin.
import type { KerberosKey } from '../../core/dev-server/auth/kerberos-crypto.js';

const bytesOf = (value: number): Buffer => {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return bytes[0]! > 0x7f ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
};

/** Tag, length, content. */
export function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

export const seq = (...parts: Buffer[]): Buffer => tlv(0x30, ...parts);
export const int = (value: number): Buffer => tlv(2, bytesOf(value));
export const str = (value: string): Buffer => tlv(0x1b, Buffer.from(value));
export const oct = (value: Buffer): Buffer => tlv(4, value);
export const bits = (value: number): Buffer => {
  const content = Buffer.alloc(5);
  content.writeUInt32BE(value, 1);
  return tlv(3, content);
};
export const at = (number: number, part: Buffer): Buffer => tlv(0xa0 + number, part);
export const app = (number: number, part: Buffer): Buffer => tlv(0x60 + number, part);

/** GeneralizedTime. */
export const when = (ms: number): Buffer =>
  tlv(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')));

/** PrincipalName of `HTTP/host`. */
export const principal = (name: string): Buffer => seq(at(0, int(1)), at(1, seq(...name.split('/').map(str))));

/** EncryptionKey. */
export const encodedKey = ({ etype, bytes }: KerberosKey): Buffer => seq(at(0, int(etype)), at(1, oct(bytes)));

/** EncryptedData. */
export const encrypted = (etype: number, kvno: number, cipher: Buffer): Buffer =>
  seq(at(0, int(etype)), at(1, int(kvno)), at(2, oct(cipher)));

/** One entry of a keytab file. */
export interface KeytabLine {
  readonly name: string;
  readonly realm: string;
  readonly key: KerberosKey;
  readonly kvno: number;
}

/** A keytab file, format 0x0502. `holes`: removed entries stay between the others. */
export function keytabFile(lines: readonly KeytabLine[], { holes = false } = {}): Buffer {
  const counted = (bytes: Buffer): Buffer => Buffer.concat([u16(bytes.length), bytes]);
  const entries = lines.map(({ name, realm, key, kvno }) => {
    const parts = name.split('/');
    const record = Buffer.concat([
      u16(parts.length),
      counted(Buffer.from(realm)),
      ...parts.map((part) => counted(Buffer.from(part))),
      u32(1),
      u32(1_700_000_000),
      Buffer.from([kvno & 255]),
      u16(key.etype),
      counted(key.bytes),
      u32(kvno),
    ]);
    return Buffer.concat([u32(record.length), record]);
  });
  const hole = Buffer.concat([i32(-20), Buffer.alloc(20, 0xee)]);
  return Buffer.concat([Buffer.from([5, 2]), ...entries.flatMap((entry) => (holes ? [hole, entry] : [entry]))]);
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);
const i32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
