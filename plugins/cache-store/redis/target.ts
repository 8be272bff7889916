// Settings -> where Redis is and how to reach it. Pure; it opens nothing and must not know what is stored.
import { Secret, agentError } from 'claviger/sdk';

/** Settings of the plugin as the host gives them; times are milliseconds. */
export interface RedisSettings {
  readonly url?: string | Secret;
  readonly prefix?: string;
  readonly username?: string;
  readonly password?: string | Secret;
  readonly password_file?: string;
  readonly database?: number;
  readonly sentinel_addresses?: readonly string[];
  readonly sentinel_name?: string;
  readonly sentinel_username?: string;
  readonly sentinel_password?: string | Secret;
  readonly cluster_addresses?: readonly string[];
  readonly tls?: boolean;
  readonly tls_ca_cert?: string;
  readonly tls_client_cert?: string;
  readonly tls_client_key?: string;
  readonly tls_server_name?: string;
  readonly connect_timeout?: number;
  readonly command_timeout?: number;
}

/** One host and port. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is. `places` are its own (`single`: one), the Sentinels', or some nodes of the Cluster. */
export interface Target {
  readonly form: 'single' | 'sentinel' | 'cluster';
  readonly places: readonly Place[];
  readonly master: string;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  readonly passwordFile: string;
  readonly sentinelUsername: string | undefined;
  readonly sentinelPassword: Secret | undefined;
  readonly database: number;
  readonly tls: boolean;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly serverName: string;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 2000;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

/** Reads the settings. Throws CONFIG_VALUE when they name no place, or one that cannot be read; the text never shows a password. */
export function targetOf(settings: RedisSettings): Target {
  const found = settings.url === undefined ? withoutUrl(settings) : ofUrl(textOf(settings.url)!, settings);
  return {
    ...found,
    master: settings.sentinel_name ?? 'mymaster',
    passwordFile: settings.password_file ?? '',
    sentinelUsername: settings.sentinel_username,
    sentinelPassword: secretOf(settings.sentinel_password),
    caFile: settings.tls_ca_cert ?? '',
    certFile: settings.tls_client_cert ?? '',
    keyFile: settings.tls_client_key ?? '',
    serverName: settings.tls_server_name ?? '',
    connectTimeoutMs: settings.connect_timeout ?? DEFAULT_TIMEOUT_MS,
    commandTimeoutMs: settings.command_timeout ?? DEFAULT_TIMEOUT_MS,
  };
}

/** What a target shows to people: its places, no user and no password. */
export function nameOf({ form, places, master }: Target): string {
  const list = places.map(({ host, port }) => `${host}:${port}`).join(', ');
  return form === 'sentinel' ? `${master} at ${list}` : list;
}

type Found = Pick<Target, 'form' | 'places' | 'username' | 'password' | 'database' | 'tls'>;

function ofUrl(text: string, settings: RedisSettings): Found {
  const url = urlOf(text);
  const port = url.port === '' ? REDIS_PORT : Number(url.port);
  const database = url.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(database)) throw invalid('url', 'what follows the host must be the number of a database');
  return {
    form: 'single',
    places: [{ host: url.hostname.replace(/^\[|\]$/g, ''), port }],
    username: decoded(url.username) || settings.username,
    password: secretOf(decoded(url.password)) ?? secretOf(settings.password),
    database: database === '' ? (settings.database ?? 0) : Number(database),
    tls: url.protocol.toLowerCase() === 'rediss:',
  };
}

function urlOf(text: string): URL {
  if (!URL.canParse(text)) throw invalid('url', 'it is not a URL');
  const url = new URL(text);
  if (!/^rediss?:$/i.test(url.protocol)) throw invalid('url', 'it must begin with redis:// or rediss://');
  if (url.hostname === '') throw invalid('url', 'it names no host');
  return url;
}

function withoutUrl(settings: RedisSettings): Found {
  const sentinels = settings.sentinel_addresses ?? [];
  const nodes = settings.cluster_addresses ?? [];
  if (sentinels.length === 0 && nodes.length === 0)
    throw invalid('url', 'give url, sentinel_addresses or cluster_addresses');
  const form = sentinels.length > 0 ? 'sentinel' : 'cluster';
  const key = `${form}_addresses`;
  return {
    form,
    places: form === 'sentinel' ? places(sentinels, SENTINEL_PORT, key) : places(nodes, REDIS_PORT, key),
    username: settings.username,
    password: secretOf(settings.password),
    database: form === 'cluster' ? 0 : (settings.database ?? 0),
    tls: settings.tls === true,
  };
}

function places(addresses: readonly string[], standardPort: number, key: string): Place[] {
  return addresses.map((address) => {
    const found = /^(?:\[([^\]]+)\]|([^:/@\s]+))(?::(\d{1,5}))?$/.exec(address.trim());
    if (found === null) throw invalid(key, 'each address must be host:port');
    return { host: (found[1] ?? found[2])!, port: found[3] === undefined ? standardPort : Number(found[3]) };
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('url', 'its user name or password has a percent sign that must be written as %25');
  }
}

const textOf = (value: string | Secret | undefined): string | undefined =>
  value instanceof Secret ? value.reveal() : value;

function secretOf(value: string | Secret | undefined): Secret | undefined {
  const text = textOf(value);
  return text === undefined || text === '' ? undefined : new Secret(text);
}

const invalid = (key: string, why: string): Error => agentError('CONFIG_VALUE', { key, why });
