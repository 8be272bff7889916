// Rules about auto_auth: wrapping, encryption, back-off, and whether anybody wants the token (L11 to L16, V4, V7, V8, R19).
import type { CheckScope, Draft, IdentityDraft, PluginStanza } from './draft.js';
import { placeOf } from './located.js';
import { listenerIdentity } from './listener-identity.js';
import { hasTemplates } from './draft-facts.js';
import { wantsStatics } from './resolve-cache.js';
import type { MethodSettings, SinkSettings } from './stanzas.js';
import { tokenSetting } from './token-use.js';

/** First pause after a failed login, when not set. */
export const MIN_BACKOFF_MS = 1_000;
/** Longest pause, when not set. */
export const MAX_BACKOFF_MS = 300_000;

/** Reports every broken rule about identities. */
export function authRules(draft: Draft, scope: CheckScope): void {
  for (const identity of draft.identities) {
    if (identity.method !== undefined) methodRules(identity.method, scope);
    for (const sink of identity.sinks) sinkRules(sink, scope);
    wrapRules(identity, draft, scope);
    consumerRule(identity, draft, scope);
  }
}

function methodRules(method: PluginStanza<MethodSettings>, { report }: CheckScope): void {
  const { settings, prefix, map, broken } = method;
  const min = settings.min_backoff || MIN_BACKOFF_MS;
  const max = settings.max_backoff || MAX_BACKOFF_MS;
  if (min > max && !broken.has('/min_backoff') && !broken.has('/max_backoff')) {
    const why = `it is longer than max_backoff (${max / 1000}s${settings.max_backoff ? '' : ' by default'})`;
    report.error(
      'CONFIG_VALUE',
      { key: `${prefix}.min_backoff`, why },
      {
        at: placeOf(map, 'min_backoff'),
        key: `${prefix}.min_backoff`,
        hint: 'make min_backoff smaller or max_backoff larger',
      },
    );
  }
  const mount = settings.mount_path;
  if (mount !== undefined && mount !== '' && !mount.replace(/^\/+/, '').startsWith('auth/')) {
    const hint = `write mount_path = "auth/${mount.replace(/^\/+|\/+$/g, '')}"`;
    report.warn(
      'CONFIG_VALUE',
      { key: `${prefix}.mount_path`, why: 'auth methods are mounted below auth/' },
      { at: placeOf(map, 'mount_path'), key: `${prefix}.mount_path`, hint },
    );
  }
}

function sinkRules(sink: PluginStanza<SinkSettings>, { report, env }: CheckScope): void {
  const { settings, map, prefix, broken } = sink;
  if (broken.has('/dh_type') || broken.has('/dh_path')) return;
  const type = settings.dh_type ?? '';
  const path = settings.dh_path ?? '';
  if ((type === '') !== (path === '')) {
    const [have, need] = type === '' ? ['dh_path', 'dh_type'] : ['dh_type', 'dh_path'];
    const hint =
      need === 'dh_type' ? 'add dh_type = "curve25519"' : 'add dh_path with the public key file of the reader';
    report.error(
      'CONFIG_MISSING',
      { key: need, where: `${prefix}.${have}` },
      { at: placeOf(map, have), key: `${prefix}.${need}`, hint },
    );
    return;
  }
  if (type !== '') return;
  const aadKey = map.entries.has('aad_env_var') ? 'aad_env_var' : 'aad';
  const hint = 'add dh_type = "curve25519" and dh_path, or remove it';
  if (additionalData(settings, env) !== '') {
    report.error(
      'CONFIG_MISSING',
      { key: 'dh_type and dh_path', where: `${prefix}.${aadKey}` },
      { at: placeOf(map, aadKey), key: `${prefix}.${aadKey}`, hint },
    );
  }
  if (settings.derive_key === true) {
    report.error(
      'CONFIG_MISSING',
      { key: 'dh_type and dh_path', where: `${prefix}.derive_key` },
      { at: placeOf(map, 'derive_key'), key: `${prefix}.derive_key`, hint },
    );
  }
}

/** `aad`, or the value of the variable that `aad_env_var` names: that one replaces it, and is empty when unset. */
export function additionalData(settings: SinkSettings, env: CheckScope['env']): string {
  const name = settings.aad_env_var ?? '';
  return name === '' ? (settings.aad ?? '') : (env[name] ?? '');
}

function wrapRules(identity: IdentityDraft, draft: Draft, scope: CheckScope): void {
  const { method, sinks, prefix } = identity;
  if (method === undefined || !wraps(method.settings.wrap_ttl)) return;
  const { report } = scope;
  const at = placeOf(method.map, 'wrap_ttl');
  const key = `${prefix}.method.wrap_ttl`;
  if (sinks.length !== 1) {
    const detail = `${key} is for exactly one sink, here are ${sinks.length}: a wrapped token can be unwrapped once`;
    report.error(
      'CONFIG_CONFLICT',
      { detail },
      { at, key, hint: 'keep one sink, or set wrap_ttl in each sink instead' },
    );
  }
  const wrapped = sinks.length === 1 ? sinks.find((sink) => wraps(sink.settings.wrap_ttl)) : undefined;
  if (wrapped !== undefined) {
    const detail = `the token is wrapped twice: by ${key} and by ${wrapped.prefix}.wrap_ttl`;
    report.error(
      'CONFIG_CONFLICT',
      { detail },
      { at: placeOf(wrapped.map, 'wrap_ttl'), key: `${wrapped.prefix}.wrap_ttl`, hint: 'remove one of them' },
    );
  }
  const token = tokenSetting(draft);
  if (token.use !== 'never' && (draft.identities.length === 1 || isListenedTo(identity, draft))) {
    const detail = `${token.key} cannot work with ${key}: the agent itself never sees a wrapped token`;
    const hint = `remove wrap_ttl from the method (line ${at.line}) and set it in the sink, or remove use_auto_auth_token`;
    report.error('CONFIG_CONFLICT', { detail }, { at: token.at, key: token.key, hint });
  }
  if (hasTemplates(draft, scope)) {
    const detail = `templates cannot work with ${key}: the agent itself never sees a wrapped token`;
    report.error('CONFIG_CONFLICT', { detail }, { at, key, hint: 'set wrap_ttl in the sink instead' });
  }
}

function wraps(ttl: number | undefined): boolean {
  return ttl !== undefined && ttl > 0;
}

function isListenedTo(identity: IdentityDraft, draft: Draft): boolean {
  return draft.listeners.some(
    (listener) =>
      listener.settings.role !== 'metrics_only' && listenerIdentity(listener, draft.identities) === identity.name,
  );
}

function consumerRule(identity: IdentityDraft, draft: Draft, scope: CheckScope): void {
  if (identity.sinks.length > 0 || identity.map.entries.has('sink') || hasTemplates(draft, scope)) return;
  if (wraps(identity.method?.settings.wrap_ttl) || scope.partial) return;
  const using = tokenSetting(draft).use !== 'never' || isTokenBroken(draft);
  if (using && (draft.identities.length === 1 || isListenedTo(identity, draft))) return;
  if (draft.cache !== undefined && wantsStatics(draft.cache)) return;
  if (scope.report.misspelt(draft.root.map, 'template') || scope.report.misspelt(draft.root.map, 'api_proxy')) return;
  if (scope.report.misspelt(identity.plain, 'sink')) return;
  const hint = 'add sink "file" { ... }, or api_proxy { use_auto_auth_token = true } with a listener';
  scope.report.error(
    'CONFIG_MISSING',
    { key: 'something that uses the token', where: identity.prefix },
    { at: identity.map.at, key: identity.prefix, hint },
  );
}

function isTokenBroken({ apiProxy, cache }: Draft): boolean {
  return [apiProxy, cache].some((stanza) => stanza?.broken.has('/use_auto_auth_token') === true);
}
