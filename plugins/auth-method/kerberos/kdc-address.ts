// Where the KDCs of a realm are: from krb5.conf, else from DNS (RFC 4120, 7.2.3). Talks to no KDC.
import { Resolver } from 'node:dns/promises';
import { agentError, failureText, type AgentError, type Clock } from 'claviger/sdk';
import { bounded } from './bounded.js';
import type { Krb5Settings } from './krb5-settings.js';

/** One KDC. */
export interface KdcAddress {
  readonly host: string;
  readonly port: number;
  /** The only way to it; absent: TCP, and UDP where that does not work. */
  readonly only?: 'tcp' | 'udp';
}

/** SRV records of a name. */
export type LookUp = (name: string, signal: AbortSignal) => Promise<readonly SrvRecord[]>;

/** The part of an SRV record that counts. */
export interface SrvRecord {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
}

/** What finding KDCs needs. */
export interface Finding {
  readonly settings: Krb5Settings;
  /** Path of krb5.conf, for messages. */
  readonly path: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly lookUp?: LookUp;
}

const DNS_MS = 2_000;

/** The KDCs of `realm` in the order to try. Throws AUTH_CREDENTIAL_INVALID (krb5.conf) or SERVICE_UNREACHABLE (DNS). */
export async function findKdcs(realm: string, finding: Finding): Promise<readonly KdcAddress[]> {
  const written = finding.settings.kdcsOf(realm);
  if (written.length > 0) return written.map((text) => parseKdc(text, finding.path));
  if (!finding.settings.lookupKdc) {
    throw invalid(finding.path, `it names no kdc for the realm ${realm} and dns_lookup_kdc is off`);
  }
  return discovered(realm, finding);
}

async function discovered(realm: string, finding: Finding): Promise<readonly KdcAddress[]> {
  const name = `_kerberos._tcp.${realm}`;
  const { clock, signal, path, lookUp = srvRecords } = finding;
  try {
    const records = await bounded({ clock, signal, boundMs: DNS_MS }, (within) => lookUp(name, within));
    const sorted = [...records].sort((a, b) => a.priority - b.priority).filter((record) => record.name !== '');
    if (sorted.length === 0) throw new Error('it has no records');
    return sorted.map(({ name: host, port }) => ({ host, port }));
  } catch (error) {
    signal.throwIfAborted();
    const hint = `name a kdc for ${realm} in [realms] of ${path}, or publish ${name}`;
    throw agentError('SERVICE_UNREACHABLE', { url: `the KDC of ${realm}`, why: notFound(name, path, error) }, { hint });
  }
}

const notFound = (name: string, path: string, error: unknown): string =>
  `${path} names none, and the SRV record ${name} was not found (${failureText(error)})`;

async function srvRecords(name: string, signal: AbortSignal): Promise<readonly SrvRecord[]> {
  const resolver = new Resolver({ timeout: DNS_MS, tries: 1 });
  const leave = (): void => resolver.cancel();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await resolver.resolveSrv(name);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Reads `host`, `host:port`, `[address]:port`, with `tcp/` or `udp/` before it. Throws AUTH_CREDENTIAL_INVALID. */
export function parseKdc(text: string, path: string): KdcAddress {
  const match = /^(?:(tcp|udp)\/)?(?:\[([0-9a-f:.%]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[2] ?? match?.[3];
  const port = Number(match?.[4] ?? 88);
  if (host === undefined || port === 0 || port > 65_535) {
    throw invalid(path, `the kdc "${text}" is not host or host:port`);
  }
  const only = match?.[1]?.toLowerCase() as 'tcp' | 'udp' | undefined;
  return only === undefined ? { host, port } : { host, port, only };
}

const invalid = (path: string, why: string): AgentError =>
  agentError('AUTH_CREDENTIAL_INVALID', { what: `krb5conf_path ${path}`, why }, { at: path });
