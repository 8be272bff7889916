// `cache` with all defaults; those of single keys are in its schemas. Vault's own keys for static secrets count where ours are not written.
import { hostname } from 'node:os';
import type {
  CacheConfig,
  KeyProviderConfig,
  PathPolicy,
  PersistConfig,
  StaticConfig,
} from '../contracts/agent-config.js';
import type { CacheDraft, Draft, KeyDraft, PersistDraft, Stanza } from './draft.js';
import { placeText } from './resolve-identities.js';
import type { CachePathSettings } from './stanzas.js';

const CAPABILITY_REFRESH_MS = 300_000;

/** What the cache is to do; undefined without a block. */
export function resolveCache({ cache }: Draft): CacheConfig | undefined {
  if (cache === undefined) return undefined;
  const { settings, hasher, persist } = cache;
  return {
    hasher: { name: hasher.name, settings: hasher.settings, at: placeText(hasher.map.at) },
    maxEntries: settings.max_entries ?? 0,
    maxBytes: settings.max_bytes ?? 0,
    maxSharePerToken: settings.max_share_per_token ?? 100,
    refusedIssueRate: settings.refused_issue_rate ?? 0,
    revalidateAfterMs: settings.revalidate_after ?? 0,
    loginMaxAgeMs: settings.login_max_age ?? 0,
    dynamic: settings.disable_caching_dynamic_secrets !== true,
    paths: cache.paths.map(resolvePath),
    statics: wantsStatics(cache) ? resolveStatics(cache) : undefined,
    persist: persist === undefined ? undefined : resolvePersist(persist),
    at: placeText(cache.map.at),
  };
}

/** True when KV secrets are cached: by a block of ours or by Vault's key. */
export const wantsStatics = ({ statics, settings }: CacheDraft): boolean =>
  statics !== undefined || settings.cache_static_secrets === true;

function resolvePath({ map, settings }: Stanza<CachePathSettings>): PathPolicy {
  return {
    glob: map.label?.text ?? '',
    cache: settings.cache ?? true,
    maxAgeMs: settings.max_age ?? 0,
    at: placeText(map.at),
  };
}

const STATIC_TTL_MS = 300_000;

function resolveStatics({ statics, settings: old, map }: CacheDraft): StaticConfig {
  const own = statics?.settings ?? {};
  const behaviour = own.capability_refresh_behavior ?? old.static_secret_token_capability_refresh_behavior;
  return {
    ttlMs: own.ttl ?? STATIC_TTL_MS,
    paths: (statics?.paths ?? []).map((path) => ({ glob: path.map.label?.text ?? '', ttlMs: path.settings.ttl ?? 0 })),
    staleWhileRevalidateMs: own.stale_while_revalidate ?? 0,
    staleIfErrorMs: own.stale_if_error ?? 0,
    capabilityRefreshMs:
      own.capability_refresh_interval || old.static_secret_token_capability_refresh_interval || CAPABILITY_REFRESH_MS,
    capabilityRefresh: behaviour === 'pessimistic' ? 'pessimistic' : 'optimistic',
    versionPollMs: own.version_poll ?? 0,
    prefetch: (own.prefetch ?? []).filter((path) => path !== undefined),
    at: placeText((statics?.map ?? map).at),
  };
}

function resolvePersist(persist: PersistDraft): PersistConfig {
  const { settings, map, entry, type } = persist;
  const at = placeText(map.at);
  return {
    store: { name: entry?.manifest.name ?? type, settings: persist.own, at },
    keepAfterImport: settings.keep_after_import ?? type !== 'kubernetes',
    exitOnErr: settings.exit_on_err ?? false,
    sync: settings.sync ?? 'grouped',
    key: persist.key === undefined ? { type: 'key_file', settings: {}, at } : resolveKey(persist.key),
    previousKey: persist.previousKey === undefined ? undefined : resolveKey(persist.previousKey),
    share: settings.share ?? false,
    shareBoundMs: settings.share_bound ?? 0,
    instance: settings.instance || hostname(),
    at,
  };
}

const resolveKey = ({ type, settings, map }: KeyDraft): KeyProviderConfig => ({
  type,
  settings,
  at: placeText(map.at),
});
