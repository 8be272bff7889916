// AgentConfig: the canonical, frozen form of the configuration. All dialects and old names are resolved, defaults filled, units in the names.
// Only core/config makes it; boot plans from it. Nobody else reads raw configuration.
import type { Secret } from '../sdk/index.js';

/** Parts of the agent with an upstream client of their own (spec config 1.4). */
export type Subsystem = 'auto-auth' | 'proxying' | 'templating';

/** `use_auto_auth_token`. */
export type TokenUse = 'never' | 'default' | 'force';

/** The `vault` block after flags and environment (spec config 1.5, 1.11). */
export interface VaultConfig {
  /** `https://...`, `http://...` or `unix:///path`. The first of `addresses`. */
  readonly address: string;
  /** All addresses of one cluster, in order of preference; at least one (`vault.addresses`); absent: `address` alone. */
  readonly addresses?: readonly string[];
  /** `vault.failover`; matters with several addresses only. */
  readonly failover?: FailoverConfig;
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

/** `vault { failover { ... } }`: which of several addresses is used. */
export interface FailoverConfig {
  /** How often the address in use, and those that failed, are asked for sys/health; default 10 s. */
  readonly checkIntervalMs: number;
  /** Bound of one such question; default 2 s. */
  readonly checkTimeoutMs: number;
  /** Failures in a row after which an address is left; default 2. */
  readonly failures: number;
  /** How long an address that failed is not tried (breaker); default 30 s. */
  readonly coolDownMs: number;
}

/** One `auto_auth` block. */
export interface IdentityConfig {
  /** `default` for an unlabelled or lone block. */
  readonly name: string;
  readonly method: MethodConfig;
  readonly sinks: readonly SinkConfig[];
  readonly reauthOnNewCredentials: boolean;
  /** `revoke_on_shutdown`: withdraw and revoke when the agent stops. */
  readonly revokeOnShutdown: boolean;
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
  /** `mfa`: second factors that the core answers by itself. */
  readonly mfa: MfaConfig | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** `mfa { totp { ... } }` (RFC 6238). */
export interface MfaConfig {
  readonly totp: {
    /** File with base32 or an otpauth:// URL, read at each use. */
    readonly secretFile: string;
    /** Id or name of the server's MFA method; empty: the only TOTP method that it offers. */
    readonly method: string;
    readonly digits: 6 | 8;
    readonly periodMs: number;
    readonly algorithm: 'SHA1' | 'SHA256' | 'SHA512';
  };
}

/** `token` of a sink: the child token that is delivered instead of the identity's own. */
export interface ChildTokenConfig {
  /** Undefined: those of the parent or the role. */
  readonly policies: readonly string[] | undefined;
  readonly noDefaultPolicy: boolean;
  /** 0: the server's default. */
  readonly ttlMs: number;
  readonly periodMs: number;
  readonly numUses: number;
  readonly type: 'service' | 'batch';
  readonly role: string;
  readonly orphan: boolean;
  readonly displayName: string;
  readonly allowIdentityPolicies: boolean;
}

/** `notify` of a sink: whom to tell after a delivery. */
export interface NotifyConfig {
  readonly signal: { readonly pidFile: string; readonly signal: string } | undefined;
  readonly command: { readonly argv: readonly string[]; readonly timeoutMs: number } | undefined;
  readonly http:
    | {
        readonly url: string;
        readonly method: 'POST' | 'PUT' | 'GET';
        readonly caCert: string;
        readonly timeoutMs: number;
      }
    | undefined;
}

/** `sink`: common keys; `settings` is the validated `config` map. */
export interface SinkConfig {
  readonly type: string;
  readonly wrapTtlMs: number;
  readonly encryption?: { readonly dhPath: string; readonly deriveKey: boolean; readonly aad: string } | undefined;
  /** `reuse`: a token that the sink still holds is taken up at the start. */
  readonly reuse: boolean;
  readonly child: ChildTokenConfig | undefined;
  /** `retry`: first and longest pause after a failed delivery. */
  readonly retry: { readonly minMs: number; readonly maxMs: number };
  readonly notify: NotifyConfig | undefined;
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
  /** `max_entries` (default 100,000) and `max_bytes` (default 256 MiB); 0 means no limit. */
  readonly maxEntries: number;
  readonly maxBytes: number;
  /** `max_share_per_token`: percent of both limits that the secrets of one client token may take; default 50, 100 means no share. Not for identities. */
  readonly maxSharePerToken: number;
  /** `refused_issue_rate`: requests per second and path that may still issue secrets which the full cache refuses; default 20, 0 means no limit. */
  readonly refusedIssueRate: number;
  /** `revalidate_after`: an entry that nothing has confirmed for so long is looked up before its next hit (D-21); default 5 min, 0 means never. */
  readonly revalidateAfterMs: number;
  /** `login_max_age`: a cached login is not given out when it is older; 0 means as long as it lives. */
  readonly loginMaxAgeMs: number;
  /** False with `disable_caching_dynamic_secrets`: only static secrets are cached. */
  readonly dynamic: boolean;
  /** `path "<glob>" { cache = false }`, in order; the first that fits decides (D-55). */
  readonly paths: readonly PathPolicy[];
  readonly statics: StaticConfig | undefined;
  readonly persist: PersistConfig | undefined;
  readonly at: string;
}

/** One `path` block of `cache`. The glob is that of Vault policies: `+` stands for one segment, a trailing `*` for any rest. Without `/v1/`. */
export interface PathPolicy {
  readonly glob: string;
  readonly cache: boolean;
  /** Answers older than this are fetched anew; 0 means no bound. */
  readonly maxAgeMs: number;
  readonly at: string;
}

/** `static_secrets`, or Vault's own keys for the same. */
export interface StaticConfig {
  /** `ttl`; default 5 min. Paths without a `path` block of their own have it. */
  readonly ttlMs: number;
  /** `path "<glob>" { ttl = "1m" }`, in order; a ttl of 0 means that the path is not cached. */
  readonly paths: readonly { readonly glob: string; readonly ttlMs: number }[];
  /** `stale_while_revalidate`: how long after its ttl an answer is still given out while it is fetched anew; default 0. */
  readonly staleWhileRevalidateMs: number;
  /** `stale_if_error`: how long after its ttl an answer is given out when the server cannot answer; default 0. */
  readonly staleIfErrorMs: number;
  /** `static_secret_token_capability_refresh_interval`; default 5 min. */
  readonly capabilityRefreshMs: number;
  readonly capabilityRefresh: 'optimistic' | 'pessimistic';
  /** `version_poll`: how often KV 2 answers in use are compared with the server's version; 0 means never. */
  readonly versionPollMs: number;
  /** `prefetch`: paths without `/v1/`, read with the identity's token after each login, with jitter. */
  readonly prefetch: readonly string[];
  readonly at: string;
}

/** Where the key that seals the store comes from. */
export interface KeyProviderConfig {
  /** `key_file`: made when absent. `file`, `env`: given by the operator. The others as named. */
  readonly type: 'key_file' | 'file' | 'env' | 'passphrase' | 'kubernetes' | 'transit';
  /** The block's keys: `path`, `variable`, `mount`, `key_name`, `service_account_token_file` ... as the schema says. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** `cache { persist "<store>" { ... } }`. */
export interface PersistConfig {
  readonly store: { readonly name: string; readonly settings: Readonly<Record<string, unknown>>; readonly at: string };
  /** Default true; false for `kubernetes`, as the reference has it. */
  readonly keepAfterImport: boolean;
  readonly exitOnErr: boolean;
  /** `always`: a client gets its answer when the record is on disk. `grouped`: soon after. Default `grouped`. */
  readonly sync: 'always' | 'grouped';
  /** `key_provider "<type>" { ... }`; default `key_file`, `kubernetes` for that store. */
  readonly key: KeyProviderConfig;
  /** `previous_key_provider`: opens a store that was sealed under another provider; the store is then sealed anew. */
  readonly previousKey: KeyProviderConfig | undefined;
  /** `share`: give one lease out with the other agents on the same store. */
  readonly share: boolean;
  /** `share_bound`: silence of the store after which a shared answer is looked up before it is used; default 10 s. */
  readonly shareBoundMs: number;
  /** `instance`: this agent's name among those that use one store; default the host name. */
  readonly instance: string;
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
  /** A key file may lie in the folder of the store that it seals (`key_beside_data`). */
  readonly keyBesideData?: boolean;
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
