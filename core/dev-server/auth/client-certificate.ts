// What the `cert` method reads out of a client certificate: names, key identifiers, use, serial number. Pure.
import { X509Certificate } from 'node:crypto';
import { elementsOf, extensionsOf } from './der.js';

/** A certificate with everything the method asks of it. */
export interface ClientCertificate {
  readonly x509: X509Certificate;
  readonly raw: Uint8Array;
  readonly commonName: string;
  readonly units: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
  /** Decimal. */
  readonly serial: string;
  /** `aa:bb:..`, empty when absent. */
  readonly subjectKeyId: string;
  readonly authorityKeyId: string;
  readonly extensions: ReadonlyMap<string, Uint8Array>;
  /** Whether it may authenticate a client: no extended key usage, or one that says so. */
  readonly forClients: boolean;
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USE = '2.5.29.37.0';

/** Reads a DER certificate. Throws what node:crypto throws for other bytes. */
export function readCertificate(raw: Uint8Array): ClientCertificate {
  const x509 = new X509Certificate(raw);
  const extensions = extensionsOf(raw);
  const names = elementsOf(elementsOf(extensions.get('2.5.29.17') ?? new Uint8Array())[0]?.content ?? new Uint8Array());
  const texts = (tag: number) =>
    names.filter((name) => name.tag === tag).map((name) => Buffer.from(name.content).toString('utf8'));
  const usage = x509.keyUsage as readonly string[] | undefined;
  return {
    x509,
    raw,
    commonName: subjectPart(x509, 'CN')[0] ?? '',
    units: subjectPart(x509, 'OU'),
    emails: texts(0x81),
    dnsNames: texts(0x82),
    uris: texts(0x86),
    serial: BigInt(`0x${x509.serialNumber}`).toString(),
    subjectKeyId: hex(elementsOf(extensions.get('2.5.29.14') ?? new Uint8Array())[0]?.content),
    authorityKeyId: hex(authorityKey(extensions.get('2.5.29.35'))),
    extensions,
    forClients: usage === undefined || usage.includes(CLIENT_AUTH) || usage.includes(ANY_USE),
  };
}

function subjectPart(x509: X509Certificate, name: string): string[] {
  return x509.subject
    .split('\n')
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1));
}

function authorityKey(extension: Uint8Array | undefined): Uint8Array | undefined {
  const sequence = elementsOf(extension ?? new Uint8Array())[0];
  return elementsOf(sequence?.content ?? new Uint8Array()).find((element) => element.tag === 0x80)?.content;
}

function hex(bytes: Uint8Array | undefined): string {
  return [...(bytes ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** All certificates of a PEM text as DER; empty when it holds none. */
export function pemCertificates(pem: string): Uint8Array[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => Buffer.from(block.replace(/-----[A-Z ]+-----/g, ''), 'base64'));
}
