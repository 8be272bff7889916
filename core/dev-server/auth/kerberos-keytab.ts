// The keytab of a kerberos mount: MIT's format 0x0502. Pure.
import type { KerberosKey } from './kerberos-crypto.js';

/** A key of the service. */
export interface ServiceKey {
  /** `HTTP/vault.example.com`. */
  readonly name: string;
  readonly realm: string;
  readonly kvno: number;
  readonly key: KerberosKey;
}

/** Its keys. Throws an Error when the bytes are no keytab. */
export function readServiceKeys(bytes: Buffer): ServiceKey[] {
  if (bytes.readUInt16BE(0) !== 0x0502) throw new Error('unsupported keytab version');
  const keys: ServiceKey[] = [];
  let at = 2;
  while (at < bytes.length) {
    const size = bytes.readInt32BE(at);
    const record = bytes.subarray(at + 4, at + 4 + Math.abs(size));
    if (record.length !== Math.abs(size) || size === 0) throw new Error('keytab is truncated');
    if (size > 0) keys.push(readRecord(record));
    at += 4 + record.length;
  }
  return keys;
}

function readRecord(record: Buffer): ServiceKey {
  let at = 2;
  const counted = (): Buffer => {
    const size = record.readUInt16BE(at);
    at += 2 + size;
    return record.subarray(at - size, at);
  };
  const realm = counted().toString();
  const parts: string[] = [];
  for (let left = record.readUInt16BE(0); left > 0; left--) parts.push(counted().toString());
  const short = record.readUInt8(at + 8);
  const etype = record.readUInt16BE(at + 9);
  at += 11;
  const key = { etype, bytes: Buffer.from(counted()) };
  const long = record.length - at >= 4 ? record.readUInt32BE(at) : 0;
  return { name: parts.join('/'), realm, kvno: long || short, key };
}
