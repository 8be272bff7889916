// Rules between stanzas (spec config 1.9), all of them, not only the first that fails. A rule about something missing is silent when the text
// could not be read whole, or when a misspelt name explains it.
import type { CheckScope, Draft } from './draft.js';
import { hasTemplates, lacks } from './draft-facts.js';
import { authRules } from './rules-auth.js';
import { listenerRules } from './rules-listener.js';
import { templateRules } from './rules-template.js';
import { vaultRules } from './rules-vault.js';
import { placeOf, type MapValue } from './located.js';
import { tokenSetting } from './token-use.js';

/** Reports every broken rule. */
export function checkRules(draft: Draft, scope: CheckScope): void {
  for (const rule of [somethingToDo, cacheRules, proxyRules, authRules, listenerRules, templateRules, vaultRules])
    rule(draft, scope);
}

function somethingToDo(draft: Draft, scope: CheckScope): void {
  if (draft.cache !== undefined || draft.listeners.length > 0 || draft.identities.length > 0) return;
  if (scope.partial || ['auto_auth', 'listener', 'cache'].some((name) => scope.report.misspelt(draft.root.map, name)))
    return;
  const hint = 'add an auto_auth block to log in, or a listener to pass requests on';
  scope.report.error(
    'CONFIG_MISSING',
    { key: 'auto_auth, cache or listener', where: 'the configuration' },
    { at: draft.root.map.at, hint },
  );
}

function cacheRules(draft: Draft, scope: CheckScope): void {
  const { cache, apiProxy } = draft;
  if (cache === undefined) return;
  if (scope.product === 'proxy') ignoredInProxy(cache.map, scope);
  const mayUse = draft.listeners.length > 0 || hasTemplates(draft, scope);
  const synthesised = tokenSetting(draft).use !== 'never';
  if (!mayUse && apiProxy === undefined && !synthesised && lacks(draft, scope, 'listener')) {
    const need = scope.product === 'agent' ? 'a listener or a template' : 'a listener';
    const hint = 'without one nothing can ask the cache; add listener "tcp" { ... } or remove cache';
    scope.report.error('CONFIG_MISSING', { key: need, where: 'cache' }, { at: cache.map.at, key: 'cache', hint });
  }
  for (const key of ['use_auto_auth_token', 'enforce_consistency', 'when_inconsistent'] as const) {
    if (cache.settings[key] === undefined || apiProxy?.settings[key] === undefined) continue;
    const detail = `${key} is set in cache and in api_proxy`;
    scope.report.error(
      'CONFIG_CONFLICT',
      { detail },
      { at: placeOf(cache.map, key), key: `cache.${key}`, hint: 'remove it from cache' },
    );
  }
  if (cache.settings.disable_caching_dynamic_secrets === true && cache.settings.cache_static_secrets !== true) {
    const detail = 'disable_caching_dynamic_secrets without cache_static_secrets leaves nothing to cache';
    const hint = 'set cache_static_secrets = true, or remove the cache block';
    scope.report.error(
      'CONFIG_CONFLICT',
      { detail },
      { at: placeOf(cache.map, 'disable_caching_dynamic_secrets'), key: 'cache', hint },
    );
  }
}

function ignoredInProxy(cache: MapValue, { report }: CheckScope): void {
  const entry = cache.entries.get('use_auto_auth_token');
  if (entry === undefined) return;
  const why = 'the proxy of the reference does not read it; here it counts like api_proxy.use_auto_auth_token';
  report.warn(
    'CONFIG_DEPRECATED',
    { detail: why },
    { at: entry.at, key: 'cache.use_auto_auth_token', hint: 'set api_proxy.use_auto_auth_token' },
  );
}

function proxyRules(draft: Draft, scope: CheckScope): void {
  const token = tokenSetting(draft);
  const wants = token.use !== 'never';
  if ((draft.apiProxy !== undefined || wants) && lacks(draft, scope, 'listener')) {
    const where = draft.apiProxy === undefined ? token.key : 'api_proxy';
    const at = draft.apiProxy?.map.at ?? token.at;
    const hint = 'without one nobody can send a request; add listener "tcp" { ... }';
    scope.report.error('CONFIG_MISSING', { key: 'a listener', where }, { at, key: where, hint });
  }
  if (wants && lacks(draft, scope, 'auto_auth')) {
    const hint = 'add an auto_auth block, or set it to false';
    scope.report.error(
      'CONFIG_MISSING',
      { key: 'an auto_auth block', where: token.key },
      { at: token.at, key: token.key, hint },
    );
  }
}
