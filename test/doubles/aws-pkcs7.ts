// Makes a CMS SignedData (RFC 5652) around a text, as the metadata service of EC2 does with the identity document: one signer, signed attributes, no
// certificate inside. Just enough DER.
import { createHash, createPrivateKey, sign } from 'node:crypto';
import type { TestCertificate } from '../../core/sdk/testing/certificates.js';

const DATA = '2a864886f70d010701';
const SIGNED_DATA = '2a864886f70d010702';
const CONTENT_TYPE = '2a864886f70d010903';
const MESSAGE_DIGEST = '2a864886f70d010904';
const SHA256 = '608648016503040201';
const ECDSA_SHA256 = '2a8648ce3d040302';

/** The DER of the signed text. */
export function signedData(text: Buffer, { key }: TestCertificate): Buffer {
  const digest = createHash('sha256').update(text).digest();
  const attributes = Buffer.concat([attribute(CONTENT_TYPE, oid(DATA)), attribute(MESSAGE_DIGEST, tlv(0x04, digest))]);
  const proof = sign('sha256', tlv(0x31, attributes), createPrivateKey(key));
  const issuer = sequence(sequence(), integer(1));
  const signer = sequence(
    integer(1),
    issuer,
    algorithm(SHA256),
    tlv(0xa0, attributes),
    algorithm(ECDSA_SHA256),
    tlv(0x04, proof),
  );
  const content = sequence(oid(DATA), tlv(0xa0, tlv(0x04, text)));
  const signed = sequence(integer(1), tlv(0x31, algorithm(SHA256)), content, tlv(0x31, signer));
  return sequence(oid(SIGNED_DATA), tlv(0xa0, signed));
}

const attribute = (id: string, value: Buffer): Buffer => sequence(oid(id), tlv(0x31, value));
const algorithm = (id: string): Buffer => sequence(oid(id));
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number): Buffer => tlv(0x02, Buffer.from([value]));
const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));

function tlv(tag: number, content: Buffer): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
