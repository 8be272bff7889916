// What the keys of krb5.conf mean for a login (krb5.conf(5) of MIT Kerberos; spec auth-wire 10.3). Pure.
import { ENCTYPES, enctypesNamed } from './enctypes.js';
import { levelAt, textsAt, type Level, type Sections } from './krb5-conf.js';

/** Settings of the library and lookups by realm and host. */
export interface Krb5Settings {
  /** Encryption types of the first ticket, best first. */
  readonly etypes: readonly number[];
  /** Encryption types of tickets for services, best first. */
  readonly tgsEtypes: readonly number[];
  readonly lifetimeMs: number;
  readonly isForwardable: boolean;
  /** False when `udp_preference_limit` is 0 or 1. */
  readonly mayUseUdp: boolean;
  readonly lookupKdc: boolean;
  /** Values of `kdc` of a realm in order, as written. */
  kdcsOf(realm: string): readonly string[];
  /** Realm of a host by [domain_realm]; undefined when nothing matches. */
  realmOf(host: string): string | undefined;
}

const DAY_MS = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = { d: DAY_MS, h: 3_600_000, m: 60_000, s: 1000 };

/** Reads the sections. Throws an Error that names the key. */
export function readSettings(sections: Sections): Krb5Settings {
  const library = sections.get('libdefaults');
  const first = (key: string): string | undefined => textsAt(library, key)[0];
  const permitted = etypesOf('permitted_enctypes', first('permitted_enctypes')) ?? ENCTYPES;
  const narrowed = (key: string): readonly number[] =>
    etypesOf(key, first(key))?.filter((etype) => permitted.includes(etype)) ?? permitted;
  return {
    etypes: narrowed('default_tkt_enctypes'),
    tgsEtypes: narrowed('default_tgs_enctypes'),
    lifetimeMs: lifetimeOf(first('ticket_lifetime')),
    isForwardable: flagOf(first('forwardable'), false),
    mayUseUdp: !/^[01]$/.test(first('udp_preference_limit') ?? ''),
    lookupKdc: flagOf(first('dns_lookup_kdc'), true),
    kdcsOf: (realm) => textsAt(levelAt(sections.get('realms'), realm), 'kdc').flatMap((text) => text.split(/[\s,]+/)),
    realmOf: (host) => realmOf(sections.get('domain_realm'), host.toLowerCase()),
  };
}

function etypesOf(key: string, value: string | undefined): readonly number[] | undefined {
  if (value === undefined || value === '') return undefined;
  let chosen: number[] = [];
  for (const word of value.split(/[\s,]+/).filter((text) => text !== '')) {
    const named = enctypesNamed(word.replace(/^[+-]/, ''));
    chosen = word.startsWith('-')
      ? chosen.filter((etype) => !named.includes(etype))
      : [...chosen, ...named.filter((etype) => !chosen.includes(etype))];
  }
  if (chosen.length === 0) throw new Error(`${key} names no encryption type that is supported (AES only)`);
  return chosen;
}

function lifetimeOf(value: string | undefined): number {
  if (value === undefined) return DAY_MS;
  const clock = /^(\d+):(\d+)(?::(\d+))?$/.exec(value);
  if (clock !== null) return sum(clock.slice(1), ['h', 'm', 's']);
  if (/^\d+$/.test(value)) return positive(Number(value) * 1000);
  const parts = [...value.matchAll(/(\d+)\s*([dhms])/g)];
  const rest = value.replace(/(\d+)\s*([dhms])/g, '').trim();
  if (parts.length === 0 || rest !== '') throw new Error('ticket_lifetime is not a duration');
  const numbers = parts.map((part) => part[1]);
  return sum(
    numbers,
    parts.map((part) => part[2] ?? 's'),
  );
}

const sum = (numbers: readonly (string | undefined)[], units: readonly string[]): number =>
  positive(numbers.reduce((total, number, at) => total + Number(number ?? 0) * (UNIT_MS[units[at] ?? 's'] ?? 0), 0));

function positive(ms: number): number {
  if (ms <= 0) throw new Error('ticket_lifetime must be longer than nothing');
  return ms;
}

const flagOf = (value: string | undefined, fallback: boolean): boolean =>
  value === undefined ? fallback : /^(y|yes|true|t|1|on)$/i.test(value);

// For a.b.c: `a.b.c`, `.b.c`, `b.c`, `.c`, `c`, as MIT Kerberos does.
function realmOf(level: Level | undefined, host: string): string | undefined {
  const find = (name: string): string | undefined =>
    level?.flatMap(([key, value]) => (key.toLowerCase() === name && typeof value === 'string' ? [value] : []))[0];
  for (let name = host; name !== ''; name = name.startsWith('.') ? name.slice(1) : parentOf(name)) {
    const realm = find(name);
    if (realm !== undefined) return realm;
  }
  return undefined;
}

function parentOf(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? '' : name.slice(dot);
}
