// Rules about caching: who may use it, globs of paths, and that Vault's keys for static secrets agree with ours.
import type { CacheDraft, CheckScope, Draft, Stanza } from './draft.js';
import { hasTemplates, lacks } from './draft-facts.js';
import { globFault, pathFault } from './glob.js';
import { locate, placeOf, pointerTo } from './located.js';
import { wantsStatics } from './resolve-cache.js';
import { tokenSetting } from './token-use.js';

/** Reports every broken rule about `cache`, but for those about `persist`. */
export function cacheRules(draft: Draft, scope: CheckScope): void {
  const { cache } = draft;
  if (cache === undefined) return;
  if (scope.product === 'proxy') ignoredInProxy(cache, scope);
  userRule(cache, draft, scope);
  oldPlaceRules(cache, draft, scope);
  nothingLeftRule(cache, scope);
  globRules(cache.paths, scope);
  staticRules(cache, draft, scope);
}

function userRule({ map }: CacheDraft, draft: Draft, scope: CheckScope): void {
  const mayUse = draft.listeners.length > 0 || hasTemplates(draft, scope);
  const synthesised = tokenSetting(draft).use !== 'never';
  if (mayUse || draft.apiProxy !== undefined || synthesised || !lacks(draft, scope, 'listener')) return;
  const need = scope.product === 'agent' ? 'a listener or a template' : 'a listener';
  const hint = 'without one nothing can ask the cache; add listener "tcp" { ... } or remove cache';
  scope.report.error('CONFIG_MISSING', { key: need, where: 'cache' }, { at: map.at, key: 'cache', hint });
}

function oldPlaceRules({ settings, map }: CacheDraft, { apiProxy }: Draft, { report }: CheckScope): void {
  for (const key of ['use_auto_auth_token', 'enforce_consistency', 'when_inconsistent'] as const) {
    if (settings[key] === undefined || apiProxy?.settings[key] === undefined) continue;
    const detail = `${key} is set in cache and in api_proxy`;
    const facts = { at: placeOf(map, key), key: `cache.${key}`, hint: 'remove it from cache' };
    report.error('CONFIG_CONFLICT', { detail }, facts);
  }
}

function nothingLeftRule(cache: CacheDraft, { report }: CheckScope): void {
  const { settings, map } = cache;
  if (settings.disable_caching_dynamic_secrets !== true || wantsStatics(cache)) return;
  if (report.misspelt(map, 'static_secrets')) return;
  const detail = 'disable_caching_dynamic_secrets without cache_static_secrets leaves nothing to cache';
  const hint = 'set cache_static_secrets = true, or remove the cache block';
  const at = placeOf(map, 'disable_caching_dynamic_secrets');
  report.error('CONFIG_CONFLICT', { detail }, { at, key: 'cache', hint });
}

function ignoredInProxy({ map }: CacheDraft, { report }: CheckScope): void {
  const entry = map.entries.get('use_auto_auth_token');
  if (entry === undefined) return;
  const why = 'the proxy of the reference does not read it; here it counts like api_proxy.use_auto_auth_token';
  const facts = { at: entry.at, key: 'cache.use_auto_auth_token', hint: 'set api_proxy.use_auto_auth_token' };
  report.warn('CONFIG_DEPRECATED', { detail: why }, facts);
}

function globRules(paths: readonly Stanza<unknown>[], { report }: CheckScope): void {
  const seen = new Map<string, number>();
  for (const { map, prefix } of paths) {
    if (map.label === undefined) continue;
    const { text, at } = map.label;
    const fault = globFault(text);
    if (fault !== undefined)
      report.error('CONFIG_VALUE', { key: prefix, why: fault.why }, { at, key: prefix, hint: fault.hint });
    const line = seen.get(text);
    if (line !== undefined) {
      const detail = `the first one, at line ${line}, decides`;
      report.warn('CONFIG_DUPLICATE', { what: prefix, detail }, { at, key: prefix, hint: 'remove one of them' });
    }
    seen.set(text, line ?? at.line);
  }
}

function staticRules(cache: CacheDraft, draft: Draft, scope: CheckScope): void {
  const { statics } = cache;
  if (statics === undefined) return idleRules(cache, scope);
  globRules(statics.paths, scope);
  agreeRules(cache, scope);
  const prefetch = statics.settings.prefetch ?? [];
  for (const [index, path] of prefetch.entries()) {
    const fault = path === undefined || path === '' ? undefined : pathFault(path);
    if (fault === undefined) continue;
    const key = `${statics.prefix}.prefetch[${index}]`;
    const { at } = locate(statics.map, pointerTo('/prefetch', index));
    scope.report.error('CONFIG_VALUE', { key, why: fault.why }, { at, key, hint: fault.hint });
  }
  if (prefetch.length === 0 || !lacks(draft, scope, 'auto_auth')) return;
  const where = `${statics.prefix}.prefetch`;
  const hint = 'add an auto_auth block: prefetch reads with its token; or remove prefetch';
  const at = placeOf(statics.map, 'prefetch');
  scope.report.error('CONFIG_MISSING', { key: 'an auto_auth block', where }, { at, key: where, hint });
}

const OLD_KEYS = [
  ['static_secret_token_capability_refresh_interval', 'capability_refresh_interval'],
  ['static_secret_token_capability_refresh_behavior', 'capability_refresh_behavior'],
] as const;

/** Vault's keys beside the block: they must say the same. */
function agreeRules({ map, settings, statics }: CacheDraft, { report }: CheckScope): void {
  const conflict = (key: string, detail: string): void =>
    report.error(
      'CONFIG_CONFLICT',
      { detail },
      { at: placeOf(map, key), key: `cache.${key}`, hint: 'keep the static_secrets block only' },
    );
  if (map.entries.has('cache_static_secrets') && settings.cache_static_secrets === false)
    conflict('cache_static_secrets', 'cache_static_secrets = false, but there is a static_secrets block');
  for (const [old, ours] of OLD_KEYS) {
    const [before, now] = [settings[old] || undefined, statics?.settings[ours]];
    if (before === undefined || now === undefined || before === now) continue;
    conflict(old, `cache.${old} and cache.static_secrets.${ours} say different things`);
  }
}

/** Vault's keys without the feature that they are about. */
function idleRules(cache: CacheDraft, { report }: CheckScope): void {
  if (wantsStatics(cache)) return;
  for (const [old] of OLD_KEYS) {
    const entry = cache.map.entries.get(old);
    if (entry === undefined) continue;
    const why = 'static secrets are not cached';
    const facts = { at: entry.at, key: `cache.${old}`, hint: 'set cache_static_secrets = true, or remove it' };
    report.warn('CONFIG_IGNORED', { what: `cache.${old}`, why }, facts);
  }
}
