// One trusted certificate of the `cert` method: reading, showing, and whether a client's names are allowed by it.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalList, optionalText } from '../fields.js';
import { pemCertificates, readCertificate } from './client-certificate.js';
import type { ClientCertificate } from './client-certificate.js';
import { elementsOf } from './der.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** What names a certificate must carry; an empty list asks for nothing. */
export interface NameBounds {
  readonly allowed_names: readonly string[];
  readonly allowed_common_names: readonly string[];
  readonly allowed_dns_sans: readonly string[];
  readonly allowed_email_sans: readonly string[];
  readonly allowed_uri_sans: readonly string[];
  readonly allowed_organizational_units: readonly string[];
  readonly required_extensions: readonly string[];
}

/** A configured certificate. */
export interface CertEntry {
  readonly name: string;
  readonly displayName: string;
  readonly pem: string;
  readonly trusted: readonly ClientCertificate[];
  readonly bounds: NameBounds;
  readonly metadataExtensions: readonly string[];
  readonly token: TokenParams;
}

/** The entry after a write. Throws 400. */
export function readCertEntry(name: string, body: Fields, before: CertEntry | undefined): CertEntry {
  const pem = optionalText(body, 'certificate') ?? before?.pem ?? '';
  const list = (field: keyof NameBounds) => optionalList(body, field) ?? before?.bounds[field] ?? [];
  return {
    name,
    displayName: optionalText(body, 'display_name') ?? before?.displayName ?? name,
    pem,
    trusted: readTrusted(pem),
    bounds: {
      allowed_names: list('allowed_names'),
      allowed_common_names: list('allowed_common_names'),
      allowed_dns_sans: list('allowed_dns_sans'),
      allowed_email_sans: list('allowed_email_sans'),
      allowed_uri_sans: list('allowed_uri_sans'),
      allowed_organizational_units: list('allowed_organizational_units'),
      required_extensions: list('required_extensions'),
    },
    metadataExtensions: optionalList(body, 'allowed_metadata_extensions') ?? before?.metadataExtensions ?? [],
    token: readTokenParams(body, before?.token ?? NO_PARAMS),
  };
}

function readTrusted(pem: string): ClientCertificate[] {
  const ders = pemCertificates(pem);
  if (ders.length === 0) throw fault(400, 'failed to parse certificate');
  try {
    const trusted = ders.map(readCertificate);
    const [only] = trusted;
    const unusable = trusted.length === 1 && only !== undefined && !only.x509.ca && !only.forClients;
    if (!unusable) return trusted;
  } catch {
    throw fault(400, 'failed to parse certificate');
  }
  throw fault(400, 'nonCA certificates should have TLS client authentication set as an extended key usage');
}

/** The answer to a read of the entry. */
export function shownCertEntry(entry: CertEntry): Fields {
  return {
    certificate: entry.pem,
    display_name: entry.displayName,
    ...entry.bounds,
    allowed_metadata_extensions: [...entry.metadataExtensions],
    ...shownTokenParams(entry.token),
  };
}

/** Whether the client's names satisfy every bound of the entry. */
export function boundsHold(bounds: NameBounds, client: ClientCertificate): boolean {
  const anyName = [client.commonName, ...client.dnsNames, ...client.emails];
  return (
    meets(bounds.allowed_names, anyName) &&
    meets(bounds.allowed_common_names, [client.commonName]) &&
    meets(bounds.allowed_dns_sans, client.dnsNames) &&
    meets(bounds.allowed_email_sans, client.emails) &&
    meets(bounds.allowed_uri_sans, client.uris) &&
    meets(bounds.allowed_organizational_units, client.units) &&
    bounds.required_extensions.every((required) => hasExtension(required, client))
  );
}

function meets(patterns: readonly string[], names: readonly string[]): boolean {
  return patterns.length === 0 || patterns.some((pattern) => names.some((name) => globs(pattern, name)));
}

function globs(pattern: string, value: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}

/** `OID:pattern` over the text inside the extension, `hex:OID:pattern` over its bytes. */
function hasExtension(required: string, client: ClientCertificate): boolean {
  const raw = required.startsWith('hex:');
  const [oid = '', ...rest] = (raw ? required.slice(4) : required).split(':');
  const bytes = client.extensions.get(oid);
  if (bytes === undefined) return false;
  const value = raw ? Buffer.from(bytes).toString('hex') : extensionText(bytes);
  return globs(rest.join(':'), value);
}

/** The text of an extension whose content is one text element. */
export function extensionText(bytes: Uint8Array): string {
  return Buffer.from(elementsOf(bytes)[0]?.content ?? bytes).toString('utf8');
}
