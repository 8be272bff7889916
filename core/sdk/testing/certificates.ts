// X.509 certificates for tests, made in memory (RFC 5280; P-256 or RSA keys, SHA-256). Just enough DER; nothing here is for production.
import { X509Certificate, createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key as PEM texts. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What the certificate says. */
export interface CertificateWishes {
  readonly name: string;
  /** The authority that signs; absent: it signs itself. */
  readonly issuer?: TestCertificate;
  readonly authority?: boolean;
  /** Host names and IP addresses; default `localhost`, `127.0.0.1`, `::1`. */
  readonly hosts?: readonly string[];
  /** Wall clock, ms; default the year 2020. */
  readonly fromMs?: number;
  /** Wall clock, ms; default the year 2049. */
  readonly toMs?: number;
  /** Kind of its key; default `ec`. */
  readonly keys?: 'ec' | 'rsa';
  /** Organizational units of the subject; none for an authority that signs others. */
  readonly units?: readonly string[];
}

/** Makes a certificate with a new key. */
export function makeCertificate(wishes: CertificateWishes): TestCertificate {
  const { publicKey, privateKey } = newKeys(wishes.keys ?? 'ec');
  const subject = distinguishedName(wishes.name, wishes.units);
  const issuer = wishes.issuer === undefined ? subject : subjectOf(wishes.issuer.cert);
  const signer = wishes.issuer === undefined ? privateKey : createPrivateKey(wishes.issuer.key);
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithmOf(signer),
    issuer,
    sequence(time(wishes.fromMs ?? Date.UTC(2020, 0, 1)), time(wishes.toMs ?? Date.UTC(2049, 0, 1))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, extensions(wishes)),
  );
  return { cert: seal(body, signer), key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function newKeys(kind: 'ec' | 'rsa'): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function algorithmOf(signer: KeyObject): Buffer {
  return signer.asymmetricKeyType === 'rsa' ? RSA_SHA256 : ECDSA_SHA256;
}

function seal(body: Buffer, signer: KeyObject): string {
  const signature = bits(sign('sha256', body, signer));
  const base64 = sequence(body, algorithmOf(signer), signature)
    .toString('base64')
    .replace(/(.{64})/g, '$1\n')
    .trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

function extensions(wishes: CertificateWishes): Buffer {
  const authority = wishes.authority === true;
  const constraints = extension('551d13', authority ? sequence(tlv(0x01, Buffer.from([0xff]))) : sequence());
  if (authority) return sequence(constraints);
  return sequence(constraints, extension('551d11', sequence(...(wishes.hosts ?? LOCAL).map(alternativeName))));
}

const LOCAL = ['localhost', '127.0.0.1', '::1'];

function alternativeName(host: string): Buffer {
  return isIP(host) === 0 ? tlv(0x82, Buffer.from(host)) : tlv(0x87, addressBytes(host));
}

function addressBytes(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from(host.split('.').map(Number));
  const [left = '', right = ''] = host.split('::');
  const groups = (text: string): number[] =>
    text
      .split(':')
      .filter(Boolean)
      .map((group) => parseInt(group, 16));
  const [first, last] = [groups(left), groups(right)];
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]));
}

function extension(oid: string, value: Buffer): Buffer {
  return sequence(tlv(0x06, Buffer.from(oid, 'hex')), tlv(0x04, value));
}

function distinguishedName(name: string, units: readonly string[] = []): Buffer {
  const part = (oid: string, text: string): Buffer =>
    tlv(0x31, sequence(tlv(0x06, Buffer.from(oid, 'hex')), tlv(0x0c, Buffer.from(text))));
  return sequence(...units.map((unit) => part('55040b', unit)), part('550403', name));
}

function subjectOf(cert: string): Buffer {
  return distinguishedName(new X509Certificate(cert).subject.replace(/^CN=/, ''));
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return digits < '2050' ? tlv(0x17, Buffer.from(digits.slice(2))) : tlv(0x18, Buffer.from(digits));
}

function tlv(tag: number, value: Buffer): Buffer {
  const length = value.length;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function integer(value: Buffer): Buffer {
  return tlv(0x02, value);
}

function bits(value: Buffer): Buffer {
  return tlv(0x03, Buffer.concat([Buffer.from([0]), value]));
}

function explicit(number: number, value: Buffer): Buffer {
  return tlv(0xa0 + number, value);
}

const ECDSA_SHA256 = sequence(tlv(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const RSA_SHA256 = sequence(tlv(0x06, Buffer.from('2a864886f70d01010b', 'hex')), tlv(0x05, Buffer.alloc(0)));
