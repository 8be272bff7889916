// Auth method `cert`: trusted certificates, a login by the TLS client certificate that is really verified, and renewals bound to
// the certificate that logged in (corrections.md: another certificate 500, none 400).
import { createHash } from 'node:crypto';
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalFlag, optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { boundsHold, extensionText, readCertEntry, shownCertEntry } from './cert-entry.js';
import type { CertEntry } from './cert-entry.js';
import { chainTo } from './certificate-chain.js';
import { readCertificate } from './client-certificate.js';
import type { ClientCertificate } from './client-certificate.js';
import { checkSamePolicies, checkSource, orderOf, termsOf } from './token-params.js';

/** Makes a cert mount. */
export function createCert(mount: Mount): Backend {
  const method = new CertMethod(() => mount.clock.now());
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

class CertMethod {
  readonly #entries = new Map<string, CertEntry>();
  readonly #now: () => number;
  #disableBinding = false;

  constructor(now: () => number) {
    this.#now = now;
  }

  routes(): Route[] {
    return [
      { path: 'login', on: { write: (call) => ({ auth: this.#login(call.request) }) } },
      {
        path: 'config',
        on: {
          read: () => ({ data: { disable_binding: this.#disableBinding, enable_identity_alias_metadata: false } }),
          write: (call) => this.#configure(call.body),
        },
      },
      { path: 'certs', on: { list: () => listReply([...this.#entries.keys()].sort()) } },
      {
        path: 'certs/:name',
        on: {
          read: (call) => {
            const entry = this.#entries.get(nameOf(call));
            return entry === undefined ? undefined : { data: shownCertEntry(entry) };
          },
          write: (call) => this.#write(nameOf(call), call.body),
          delete: (call) => {
            this.#entries.delete(nameOf(call));
            return undefined;
          },
        },
      },
    ];
  }

  renew(auth: AuthView): Terms {
    const entry = this.#entries.get(auth.internal['cert'] as string);
    if (!this.#disableBinding) checkBinding(auth);
    if (entry === undefined) throw fault(500, 'certificate entry does not exist during renewal');
    if (!this.#disableBinding) this.#matching([entry], presentedBy(auth.request));
    checkSamePolicies(entry.token, auth);
    return termsOf(entry.token);
  }

  #configure(body: Fields): undefined {
    this.#disableBinding = optionalFlag(body, 'disable_binding') ?? this.#disableBinding;
  }

  #write(name: string, body: Fields): undefined {
    this.#entries.set(name, readCertEntry(name, body, this.#entries.get(name)));
  }

  #login(request: BackendRequest): AuthOrder {
    const presented = presentedBy(request);
    const client = presented[0];
    if (client === undefined) throw fault(400, 'client certificate must be supplied');
    const entry = this.#matching(this.#candidates(request), presented);
    checkSource(entry.token, request);
    return order(entry, client, request);
  }

  #candidates(request: BackendRequest): CertEntry[] {
    const name = (optionalText(request.body, 'name') ?? '').toLowerCase();
    if (name === '') return [...this.#entries.values()];
    return [this.#entries.get(name) ?? []].flat();
  }

  /** The first entry that the certificate leads to and whose bounds it keeps. Throws 400. */
  #matching(entries: readonly CertEntry[], presented: readonly ClientCertificate[]): CertEntry {
    const led = entries.filter((entry) => chainTo(entry.trusted, presented, this.#now()) !== undefined);
    if (led.length === 0) throw fault(400, 'invalid certificate or no client certificate supplied');
    const match = led.find((entry) => presented[0] !== undefined && boundsHold(entry.bounds, presented[0]));
    if (match !== undefined) return match;
    throw fault(400, 'no chain matching all constraints could be found for this login certificate');
  }
}

function presentedBy(request: BackendRequest): ClientCertificate[] {
  try {
    return request.certificates.map(readCertificate);
  } catch {
    throw fault(400, 'invalid certificate or no client certificate supplied');
  }
}

function fingerprint(certificate: Uint8Array): string {
  return createHash('sha256').update(certificate).digest('hex');
}

function checkBinding(auth: AuthView): void {
  const leaf = auth.request.certificates[0];
  if (leaf === undefined) throw fault(400, 'no client certificate found');
  if (fingerprint(leaf) === auth.internal['fingerprint']) return;
  throw fault(500, 'client identity during renewal not matching client identity used during login');
}

function order(entry: CertEntry, client: ClientCertificate, request: BackendRequest): AuthOrder {
  const extra = entry.metadataExtensions.flatMap((oid) => {
    const bytes = client.extensions.get(oid);
    return bytes === undefined ? [] : [[oid.replaceAll('.', '-'), extensionText(bytes)] as const];
  });
  return {
    ...orderOf(entry.token, request.remoteAddress),
    displayName: entry.displayName,
    ...(client.commonName === '' ? {} : { alias: client.commonName }),
    metadata: {
      ...Object.fromEntries(extra),
      authority_key_id: client.authorityKeyId,
      cert_name: entry.name,
      common_name: client.commonName,
      serial_number: client.serial,
      subject_key_id: client.subjectKeyId,
    },
    internal: { cert: entry.name, fingerprint: fingerprint(client.raw) },
  };
}

function nameOf(call: Call): string {
  return call.param('name').toLowerCase();
}
