// What each block holds after validation: the TypeScript side of config-schema/blocks. Types only.

/** `true`, `false` or `"force"`. */
export type TokenChoice = boolean | 'force';

/** Keys of the top level that are no blocks. */
export interface RootSettings {
  readonly pid_file?: string;
  readonly exit_after_auth?: boolean;
  readonly log_level?: string;
  readonly log_format?: string;
  readonly log_file?: string;
  readonly log_rotate_bytes?: number;
  readonly log_rotate_duration?: number;
  readonly log_rotate_max_files?: number;
  readonly disable_idle_connections?: readonly string[];
  readonly disable_keep_alives?: readonly string[];
  readonly plugin_directory?: readonly string[];
}

/** `vault`. */
export interface VaultSettings {
  readonly address?: string;
  /** Members that are no text are undefined. */
  readonly addresses?: readonly (string | undefined)[];
  readonly failover?: FailoverSettings;
  readonly namespace?: string;
  readonly ca_cert?: string;
  readonly ca_path?: string;
  readonly client_cert?: string;
  readonly client_key?: string;
  readonly tls_skip_verify?: boolean;
  readonly tls_server_name?: string;
  readonly retry?: { readonly num_retries?: number };
}

/** `failover` of `vault`. Times in milliseconds. */
export interface FailoverSettings {
  readonly check_interval?: number;
  readonly check_timeout?: number;
  readonly failures?: number;
  readonly cool_down?: number;
}

/** `auto_auth` without method and sinks. */
export interface AutoAuthSettings {
  readonly enable_reauth_on_new_credentials?: boolean;
  readonly revoke_on_shutdown?: boolean;
}

/** `method` without `config`. Times in milliseconds. */
export interface MethodSettings {
  readonly type?: string;
  readonly mount_path?: string;
  readonly namespace?: string;
  readonly wrap_ttl?: number;
  readonly min_backoff?: number;
  readonly max_backoff?: number;
  readonly exit_on_err?: boolean;
  readonly mfa?: { readonly totp?: TotpSettings };
}

/** `totp` of `mfa`. Times in milliseconds. */
export interface TotpSettings {
  readonly secret_file?: string;
  readonly method?: string;
  readonly digits?: 6 | 8;
  readonly period?: number;
  readonly algorithm?: 'SHA1' | 'SHA256' | 'SHA512';
}

/** `sink` without `config`. Times in milliseconds. */
export interface SinkSettings {
  readonly type?: string;
  readonly wrap_ttl?: number;
  readonly dh_type?: string;
  readonly dh_path?: string;
  readonly derive_key?: boolean;
  readonly aad?: string;
  readonly aad_env_var?: string;
  readonly reuse?: boolean;
  readonly token?: ChildTokenSettings;
  readonly retry?: { readonly min_backoff?: number; readonly max_backoff?: number };
  readonly notify?: NotifySettings;
}

/** `token` of a sink. Times in milliseconds. */
export interface ChildTokenSettings {
  /** Members that are no text are undefined. */
  readonly policies?: readonly (string | undefined)[];
  readonly no_default_policy?: boolean;
  readonly ttl?: number;
  readonly period?: number;
  readonly num_uses?: number;
  readonly type?: 'service' | 'batch';
  readonly role?: string;
  readonly orphan?: boolean;
  readonly display_name?: string;
  readonly allow_identity_policies?: boolean;
}

/** `notify` of a sink. Times in milliseconds. */
export interface NotifySettings {
  readonly signal?: { readonly pid_file?: string; readonly signal?: string };
  readonly command?: { readonly argv?: readonly (string | undefined)[]; readonly timeout?: number };
  readonly http?: {
    readonly url?: string;
    readonly method?: 'POST' | 'PUT' | 'GET';
    readonly ca_cert?: string;
    readonly timeout?: number;
  };
}

/** `cache` without the blocks in it. Times in milliseconds, sizes in bytes. */
export interface CacheSettings {
  readonly use_auto_auth_token?: TokenChoice;
  readonly enforce_consistency?: string;
  readonly when_inconsistent?: string;
  readonly max_entries?: number;
  readonly max_bytes?: number;
  readonly max_share_per_token?: number;
  readonly refused_issue_rate?: number;
  readonly revalidate_after?: number;
  readonly login_max_age?: number;
  readonly cache_static_secrets?: boolean;
  readonly static_secret_token_capability_refresh_interval?: number;
  readonly static_secret_token_capability_refresh_behavior?: string;
  readonly disable_caching_dynamic_secrets?: boolean;
  /** Only from the schema's default: the name of the plugin is the only key. */
  readonly request_hasher?: Readonly<Record<string, unknown>>;
}

/** `path` in `cache`. */
export interface CachePathSettings {
  readonly cache?: boolean;
  readonly max_age?: number;
}

/** `static_secrets` without its path blocks. Times in milliseconds. */
export interface StaticSettings {
  readonly ttl?: number;
  readonly stale_while_revalidate?: number;
  readonly stale_if_error?: number;
  readonly capability_refresh_interval?: number;
  readonly capability_refresh_behavior?: 'optimistic' | 'pessimistic';
  readonly version_poll?: number;
  /** Members that are no text are undefined. */
  readonly prefetch?: readonly (string | undefined)[];
}

/** `path` in `static_secrets`. */
export interface StaticPathSettings {
  readonly ttl?: number;
}

/** `persist` without the settings of the store and the key providers. Times in milliseconds. */
export interface PersistSettings {
  readonly type?: string;
  readonly keep_after_import?: boolean;
  readonly exit_on_err?: boolean;
  readonly sync?: 'always' | 'grouped';
  readonly share?: boolean;
  readonly share_bound?: number;
  readonly instance?: string;
  readonly service_account_token_file?: string;
}

/** `api_proxy`. */
export interface ApiProxySettings {
  readonly use_auto_auth_token?: TokenChoice;
  readonly token_wait?: number;
  readonly enforce_consistency?: string;
  readonly when_inconsistent?: string;
  readonly prepend_configured_namespace?: boolean;
}

/** Keys of `listener` that the core handles. */
export interface ListenerSettings {
  readonly type?: string;
  readonly role?: string;
  readonly require_request_header?: boolean;
  readonly agent_api?: { readonly enable_quit?: boolean };
  readonly proxy_api?: { readonly enable_quit?: boolean };
  readonly auto_auth?: string;
}

/** Keys of `template` and `env_template` that rules look at. */
export interface TemplateSettings {
  readonly source?: string;
  readonly contents?: string;
  readonly destination?: string;
  readonly wait?: unknown;
}

/** `telemetry`, as far as it is built. */
export interface TelemetrySettings {
  readonly metrics_prefix?: string;
  readonly disable_hostname?: boolean;
  readonly enable_hostname_label?: boolean;
  readonly prometheus_retention_time?: number;
}

/** `plugin`. */
export interface PluginSettings {
  readonly sha256?: string;
  readonly package?: string;
  readonly override?: boolean;
  readonly may_fail?: boolean;
}

/** `compat`. */
export interface CompatSettings {
  readonly upstream_errors?: 'honest' | '500';
  readonly verbatim_hits?: boolean;
  readonly open_control_endpoints?: boolean;
  readonly key_beside_data?: boolean;
}
