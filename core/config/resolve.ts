// Draft + flags + environment -> AgentConfig, with every default filled in. Findings about the environment go to the report.
import type {
  AgentConfig,
  ApiProxyConfig,
  ListenerConfig,
  NotBuilt,
  PluginBlock,
  TelemetryConfig,
} from '../contracts/agent-config.js';
import { Secret } from '../sdk/index.js';
import type { CheckScope, Draft, PluginStanza, Stanza } from './draft.js';
import { filled } from './environment.js';
import { listenerIdentity } from './listener-identity.js';
import { resolveCache } from './resolve-cache.js';
import { resolveConnections } from './resolve-connections.js';
import { placeText, resolveIdentities } from './resolve-identities.js';
import { resolveLog } from './resolve-log.js';
import { resolveVault } from './resolve-vault.js';
import type { ListenerSettings, PluginSettings } from './stanzas.js';
import { tokenSetting } from './token-use.js';

const TOKEN_WAIT_MS = 10_000;
const RETENTION_MS = 86_400_000;

/** The canonical configuration; only meaningful when the report has no error. */
export function resolve(draft: Draft, scope: CheckScope, notBuilt: readonly NotBuilt[]): AgentConfig {
  const { settings } = draft.root;
  const { flags } = scope;
  const token = filled(scope.env, 'TOKEN');
  return {
    product: scope.product,
    vault: resolveVault(draft, scope),
    identities: resolveIdentities(draft, scope),
    listeners: draft.listeners.map((listener) => resolveListener(listener, draft, scope)),
    apiProxy: resolveApiProxy(draft),
    cache: resolveCache(draft),
    telemetry: resolveTelemetry(draft),
    log: resolveLog(draft, scope),
    pidFile: flags.pidFile ?? settings.pid_file ?? '',
    exitAfterAuth: flags.exitAfterAuth ?? settings.exit_after_auth ?? false,
    disableIdleConnections: resolveConnections(draft, scope, 'disable_idle_connections'),
    disableKeepAlives: resolveConnections(draft, scope, 'disable_keep_alives'),
    pluginDirectories: settings.plugin_directory ?? [],
    plugins: draft.plugins.flatMap(resolvePlugin),
    compat: {
      upstreamErrors: draft.compat?.settings.upstream_errors ?? 'honest',
      verbatimHits: draft.compat?.settings.verbatim_hits ?? false,
      openControlEndpoints: draft.compat?.settings.open_control_endpoints ?? false,
      keyBesideData: draft.compat?.settings.key_beside_data ?? false,
    },
    notBuilt,
    environmentToken: token === undefined ? undefined : new Secret(token.value),
  };
}

function resolveListener(
  listener: PluginStanza<ListenerSettings>,
  draft: Draft,
  { product }: CheckScope,
): ListenerConfig {
  const { settings } = listener;
  const control = product === 'agent' ? settings.agent_api : settings.proxy_api;
  return {
    type: listener.type,
    role: settings.role === 'metrics_only' ? 'metrics_only' : 'default',
    requireRequestHeader: settings.require_request_header ?? false,
    enableQuit: control?.enable_quit ?? false,
    autoAuth: listenerIdentity(listener, draft.identities) ?? '',
    settings: listener.own,
    at: placeText(listener.map.at),
  };
}

function resolveApiProxy(draft: Draft): ApiProxyConfig {
  const own = draft.apiProxy?.settings ?? {};
  const old = draft.cache?.settings ?? {};
  return {
    useAutoAuthToken: tokenSetting(draft).use,
    tokenWaitMs: own.token_wait ?? TOKEN_WAIT_MS,
    enforceConsistency: (own.enforce_consistency || old.enforce_consistency) === 'always' ? 'always' : 'never',
    whenInconsistent: whenInconsistent(own.when_inconsistent || old.when_inconsistent),
    prependConfiguredNamespace: own.prepend_configured_namespace ?? false,
  };
}

function whenInconsistent(word: string | undefined): ApiProxyConfig['whenInconsistent'] {
  return word === 'retry' || word === 'forward' ? word : 'fail';
}

function resolveTelemetry({ telemetry }: Draft): TelemetryConfig | undefined {
  if (telemetry === undefined) return undefined;
  const { settings } = telemetry;
  return {
    metricsPrefix: settings.metrics_prefix || 'vault',
    disableHostname: settings.disable_hostname ?? false,
    enableHostnameLabel: settings.enable_hostname_label ?? false,
    prometheusRetentionMs: settings.prometheus_retention_time ?? RETENTION_MS,
  };
}

/** A `plugin` block; none without a name. */
export function resolvePlugin({ map, settings }: Stanza<PluginSettings>): PluginBlock[] {
  if (map.label === undefined) return [];
  return [
    {
      name: map.label.text,
      sha256: (settings.sha256 ?? '').toLowerCase(),
      package: settings.package ?? '',
      override: settings.override ?? false,
      mayFail: settings.may_fail ?? false,
      at: placeText(map.at),
    },
  ];
}
