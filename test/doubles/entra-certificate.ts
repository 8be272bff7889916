// A certificate over an RSA key for tests: Entra takes no other keys. Just enough DER (RFC 5280); what is signed by nobody is good enough here,
// because Entra compares thumbprints and asks no authority.
import { generateKeyPairSync, sign } from 'node:crypto';

/** PEM texts. */
export interface RsaCertificate {
  readonly cert: string;
  readonly key: string;
  /** The key again, encrypted. */
  readonly sealedKey: (passphrase: string) => string;
}

/** Makes a self-signed certificate with a new key. */
export function rsaCertificate(name: string, toMs = Date.UTC(2049, 0, 1)): RsaCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const who = tlv(0x30, tlv(0x31, tlv(0x30, tlv(0x06, Buffer.from('550403', 'hex')), tlv(0x0c, Buffer.from(name)))));
  const body = tlv(
    0x30,
    tlv(0x02, Buffer.from([1])),
    RSA_SHA256,
    who,
    tlv(0x30, time(Date.UTC(2020, 0, 1)), time(toMs)),
    who,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = tlv(0x03, Buffer.from([0]), sign('sha256', body, privateKey));
  const base64 = tlv(0x30, body, RSA_SHA256, signature)
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trimEnd();
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    sealedKey: (passphrase) =>
      privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString(),
  };
}

const RSA_SHA256 = Buffer.from('300d06092a864886f70d01010b0500', 'hex');

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tlv(0x17, Buffer.from(text.slice(2)));
}

function tlv(tag: number, ...parts: Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  const size = value.length;
  if (size < 0x80) return Buffer.concat([Buffer.from([tag, size]), value]);
  const bytes = size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...bytes]), value]);
}
