// AgentConfig: the canonical, frozen form of the configuration. All dialects and old names are resolved, defaults filled, units in the names.
// Only core/config makes it; boot plans from it. Nobody else reads raw configuration.
import type { Secret } from '../sdk/index.js';

/** Parts of the agent with an upstream client of their own (spec config 1.4). */
export type Subsystem = 'auto-auth' | 'proxying' | 'templating';

/** `use_auto_auth_token`. */
export type TokenUse = 'never' | 'default' | 'force';

/** The `vault` block after flags and environment (spec config 1.5, 1.11). */
export interface VaultConfig {
  /** `https://...`, `http://...` or `unix:///path`. */
  readonly address: string;
  readonly namespace: string;
  readonly caCert: string;
  readonly caPath: string;
  /** PEM text from VAULT_CACERT_BYTES; empty when unset. */
  readonly caBytes: string;
  readonly clientCert: string;
  readonly clientKey: string;
  readonly tlsSkipVerify: boolean;
  readonly tlsServerName: string;
  /** Number of retries after the first attempt; 0 means none (the file's 0 is already resolved to 12, -1 to 0). */
  readonly retries: number;
  /** Bound of one request with all its retries; default 60 s. */
  readonly timeoutMs: number;
  /** VAULT_RATE_LIMIT: requests per second and burst; undefined means no limit. */
  readonly rateLimit?: { readonly perSecond: number; readonly burst: number } | undefined;
  /** Outgoing HTTP proxy (VAULT_PROXY_ADDR, VAULT_HTTP_PROXY); empty when unset. */
  readonly httpProxy: string;
}

/** One `auto_auth` block. */
export interface IdentityConfig {
  /** `default` for an unlabelled or lone block. */
  readonly name: string;
  readonly method: MethodConfig;
  readonly sinks: readonly SinkConfig[];
  readonly reauthOnNewCredentials: boolean;
  /** Where the block is, for messages: `file:line:column`. */
  readonly at: string;
}

/** `method`: common keys; `settings` is the validated `config` map. */
export interface MethodConfig {
  readonly type: string;
  /** Without trailing slash, `auth/approle`. */
  readonly mountPath: string;
  /** Resolved namespace for the login (spec config 3.2). */
  readonly namespace: string;
  readonly wrapTtlMs: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly exitOnErr: boolean;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** `sink`: common keys; `settings` is the validated `config` map. */
export interface SinkConfig {
  readonly type: string;
  readonly wrapTtlMs: number;
  readonly encryption?: { readonly dhPath: string; readonly deriveKey: boolean; readonly aad: string } | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** `listener`: common keys; `settings` is the rest of the block (address, tls_*, socket_*). */
export interface ListenerConfig {
  readonly type: string;
  readonly role: 'default' | 'metrics_only';
  readonly requireRequestHeader: boolean;
  readonly enableQuit: boolean;
  /** Name of the identity whose token requests without a token get. */
  readonly autoAuth: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** `api_proxy` together with the old keys of `cache`. Present always. */
export interface ApiProxyConfig {
  readonly useAutoAuthToken: TokenUse;
  /** How long a request may wait for the first token before 503 (D-22); `api_proxy.token_wait`, default 10 s. */
  readonly tokenWaitMs: number;
  readonly enforceConsistency: 'never' | 'always';
  readonly whenInconsistent: 'fail' | 'retry' | 'forward';
  readonly prependConfiguredNamespace: boolean;
}

/** `cache`; undefined in AgentConfig means no caching. */
export interface CacheConfig {
  readonly hasher: { readonly name: string; readonly settings: Readonly<Record<string, unknown>>; readonly at: string };
  readonly at: string;
}

/** `telemetry`, as far as it is built. */
export interface TelemetryConfig {
  /** Prefix of metric names; default `vault`. */
  readonly metricsPrefix: string;
  readonly disableHostname: boolean;
  readonly enableHostnameLabel: boolean;
  /** 0 turns the Prometheus form off; default 24 h with a telemetry block. Without a block Prometheus is off (spec config 1.8). */
  readonly prometheusRetentionMs: number;
}

/** Log settings after flags and environment. */
export interface LogConfig {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'standard' | 'json';
  readonly file: string;
  readonly rotateBytes: number;
  readonly rotateDurationMs: number;
  readonly rotateMaxFiles: number;
}

/** `compat`: the reference's habits, each off by default. */
export interface CompatConfig {
  /** 500 instead of 502 and 504 when the server cannot be reached. */
  readonly upstreamErrors: 'honest' | '500';
  /** Hits repeat the original `lease_duration`. */
  readonly verbatimHits: boolean;
  /** Control endpoints pass without the request header, as the reference's agent does. */
  readonly openControlEndpoints: boolean;
}

/** A `plugin "<name>" { ... }` block. */
export interface PluginBlock {
  readonly name: string;
  readonly sha256: string;
  readonly package: string;
  readonly override: boolean;
  readonly mayFail: boolean;
  readonly at: string;
}

/** A stanza that was understood and validated, but whose work is not built yet; start refuses it (CONFIG_NOT_SUPPORTED_YET). */
export interface NotBuilt {
  readonly what: string;
  readonly at: string;
}

/** The whole configuration. */
export interface AgentConfig {
  readonly product: 'agent' | 'proxy';
  readonly vault: VaultConfig;
  readonly identities: readonly IdentityConfig[];
  readonly listeners: readonly ListenerConfig[];
  readonly apiProxy: ApiProxyConfig;
  readonly cache: CacheConfig | undefined;
  readonly telemetry: TelemetryConfig | undefined;
  readonly log: LogConfig;
  readonly pidFile: string;
  readonly exitAfterAuth: boolean;
  readonly disableIdleConnections: readonly Subsystem[];
  readonly disableKeepAlives: readonly Subsystem[];
  readonly pluginDirectories: readonly string[];
  readonly plugins: readonly PluginBlock[];
  readonly compat: CompatConfig;
  readonly notBuilt: readonly NotBuilt[];
  /** Token of the environment (VAULT_TOKEN); never sent on logins. */
  readonly environmentToken?: Secret | undefined;
}
