// Just enough of CMS (RFC 5652) to open the PKCS#7 form of an instance identity document: one signer, the content inside, with or without signed
// attributes. Certificates inside are not looked at: only registered ones count.
import { createHash, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { fault } from '../backend.js';
import { elementsOf, oidText, type Element } from './der.js';

const HASHES: Readonly<Record<string, string>> = { '1.3.14.3.2.26': 'sha1', '2.16.840.1.101.3.4.2.1': 'sha256' };
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SEQUENCE = 0x30;
const SET = 0x31;
const ATTRIBUTES = 0xa0;

/** The content, once one of the keys has verified it. Throws 400. */
export function openPkcs7(bytes: Uint8Array, keys: readonly KeyObject[]): Buffer {
  const data = childrenOf(childrenOf(childrenOf(elementsOf(bytes)[0])[1])[0]);
  const content = Buffer.from(childrenOf(childrenOf(data[2])[1])[0]?.content ?? []);
  const signer = childrenOf(childrenOf(data.at(-1))[0]);
  const hash = HASHES[oidText(childrenOf(signer[2])[0]?.content ?? new Uint8Array())];
  const attributes = signer.find(({ tag }) => tag === ATTRIBUTES);
  const signature = signer.findLast(({ tag }) => tag === 0x04)?.content;
  if (content.length === 0 || hash === undefined || signature === undefined)
    throw fault(400, 'failed to parse the BER encoded PKCS#7 signature');
  const isWhole = attributes === undefined || holdsDigest(attributes, createHash(hash).update(content).digest());
  const signed = attributes === undefined ? content : asSet(attributes);
  if (isWhole && keys.some((key) => verify(hash, signed, key, signature))) return content;
  throw fault(400, 'failed to verify the signature');
}

function childrenOf(element: Element | undefined): Element[] {
  return elementsOf(element?.content ?? new Uint8Array());
}

function holdsDigest(attributes: Element, digest: Buffer): boolean {
  const found = childrenOf(attributes).find(
    (attribute) =>
      attribute.tag === SEQUENCE && oidText(childrenOf(attribute)[0]?.content ?? new Uint8Array()) === MESSAGE_DIGEST,
  );
  const value = childrenOf(childrenOf(found)[1])[0]?.content ?? new Uint8Array();
  return value.length === digest.length && timingSafeEqual(value, digest);
}

// What is signed is the attributes as a SET, though they travel under another tag (RFC 5652, 5.4).
function asSet({ content }: Element): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([SET, ...length]), content]);
}
