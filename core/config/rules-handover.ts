// Rules about how tokens are handed over: second factors, child tokens, reuse, notifications, pauses, and revoking at the end (issue 5: "Sinks", "Revoke on stop").
import { isAbsolute } from 'node:path';
import { whyUnsafeTarget } from '../sdk/index.js';
import type { CheckScope, Draft, IdentityDraft, PluginStanza } from './draft.js';
import { mapAt, placeOf } from './located.js';
import { resolveChild } from './resolve-sink-extras.js';
import type { MethodSettings, SinkSettings } from './stanzas.js';

type Sink = PluginStanza<SinkSettings>;

/** Reports every broken rule of `sink` extras and `revoke_on_shutdown`. */
export function handoverRules(draft: Draft, scope: CheckScope): void {
  for (const identity of draft.identities) {
    revokeRules(identity, draft, scope);
    const wrapped = (identity.method?.settings.wrap_ttl ?? 0) > 0;
    if (identity.method && wrapped) mfaRule(identity.method, scope);
    for (const sink of identity.sinks) {
      childRules(sink, wrapped, scope);
      reuseRules(sink, wrapped, scope);
      readersRule(sink, scope);
      retryRule(sink, scope);
      notifyRules(sink, scope);
    }
  }
}

function revokeRules({ settings, prefix, map, method }: IdentityDraft, draft: Draft, scope: CheckScope): void {
  if (settings.revoke_on_shutdown !== true) return;
  const key = `${prefix}.revoke_on_shutdown`;
  const at = placeOf(map, 'revoke_on_shutdown');
  const conflict = (other: string, why: string): void =>
    scope.report.error(
      'CONFIG_CONFLICT',
      { detail: `${key} cannot work with ${other}: ${why}` },
      { at, key, hint: 'remove one of them' },
    );
  if (draft.root.settings.exit_after_auth === true || scope.flags.exitAfterAuth === true)
    conflict('exit_after_auth', 'the tokens would be revoked as soon as they were delivered');
  if (draft.cache?.persist !== undefined) conflict('persist', 'what was kept for the next start would be dead');
  if ((method?.settings.wrap_ttl ?? 0) > 0)
    conflict('wrap_ttl of the method', 'the agent itself never sees a wrapped token');
}

// The server wraps the answer that asks for the second factor: what the reader would unwrap is an empty token (corrections, server).
function mfaRule({ settings, prefix, map }: PluginStanza<MethodSettings>, { report }: CheckScope): void {
  if (settings.mfa === undefined) return;
  const key = `${prefix}.mfa`;
  report.error(
    'CONFIG_CONFLICT',
    { detail: `${key} cannot work with wrap_ttl of the method: a login under MFA would wrap an empty token` },
    { at: placeOf(map, 'mfa'), key, hint: 'set wrap_ttl in the sink instead' },
  );
}

function childRules({ settings, prefix, map }: Sink, wrappedLogin: boolean, { report }: CheckScope): void {
  if (settings.token === undefined) return;
  const key = `${prefix}.token`;
  const at = placeOf(map, 'token');
  const { type, periodMs, numUses, orphan } = resolveChild(settings.token);
  const conflict = (detail: string, hint: string): void =>
    report.error('CONFIG_CONFLICT', { detail }, { at, key, hint });
  if (wrappedLogin)
    conflict(
      `${key} cannot work with wrap_ttl of the method: the agent itself never sees a wrapped token`,
      'set wrap_ttl in the sink instead',
    );
  if (type !== 'batch') return;
  const impossible = [...(periodMs > 0 ? ['period'] : []), ...(numUses > 0 ? ['num_uses'] : [])];
  if (impossible.length > 0)
    conflict(`${key}: a batch token cannot have ${impossible.join(' or ')}`, 'remove it, or use type = "service"');
  if (orphan)
    conflict(
      `${key}: a batch token cannot be revoked, so an orphan one would outlive everything`,
      'use type = "service"',
    );
}

function reuseRules({ settings, prefix, map, entry }: Sink, wrappedLogin: boolean, { report }: CheckScope): void {
  if (settings.reuse !== true) return;
  const key = `${prefix}.reuse`;
  const why =
    whyNotReusable(settings, wrappedLogin) ??
    (entry?.manifest.supports?.['reads_back'] === true ? undefined : 'this kind of sink cannot be read back');
  if (why === undefined) return;
  report.error(
    'CONFIG_CONFLICT',
    { detail: `${key} cannot work: ${why}` },
    { at: placeOf(map, 'reuse'), key, hint: 'remove reuse' },
  );
}

function whyNotReusable(
  { wrap_ttl = 0, dh_type = '', token }: SinkSettings,
  wrappedLogin: boolean,
): string | undefined {
  if (wrap_ttl > 0 || wrappedLogin) return 'a wrapped token can be unwrapped once, by its reader';
  if (dh_type !== '') return 'only the reader can open what is encrypted';
  return token === undefined ? undefined : 'a child token is not the token of the identity';
}

// Whoever comes second would find the wrapped token spent.
function readersRule({ settings, prefix, map, entry }: Sink, { report }: CheckScope): void {
  if ((settings.wrap_ttl ?? 0) === 0 || entry?.manifest.supports?.['many_readers'] !== true) return;
  const detail = `${prefix}.wrap_ttl cannot work: several readers get the same delivery, and a wrapped token can be unwrapped once`;
  report.error(
    'CONFIG_CONFLICT',
    { detail },
    { at: placeOf(map, 'wrap_ttl'), key: `${prefix}.wrap_ttl`, hint: 'remove wrap_ttl' },
  );
}

function retryRule({ settings, prefix, map }: Sink, { report }: CheckScope): void {
  const { min_backoff: min = 2_000, max_backoff: max = 20_000 } = settings.retry ?? {};
  if (min <= max) return;
  const why = `it is longer than max_backoff (${String(max / 1000)}s)`;
  report.error(
    'CONFIG_VALUE',
    { key: `${prefix}.retry.min_backoff`, why },
    { at: placeOf(map, 'retry'), key: `${prefix}.retry`, hint: 'make min_backoff smaller or max_backoff larger' },
  );
}

function notifyRules({ settings, prefix, map }: Sink, { report }: CheckScope): void {
  const { command, http } = settings.notify ?? {};
  const inner = mapAt(map, 'notify') ?? map;
  const wrong = (name: string, block: string, why: string, hint: string): void =>
    report.error(
      'CONFIG_VALUE',
      { key: `${prefix}.notify.${block}.${name}`, why },
      { at: placeOf(mapAt(inner, block) ?? inner, name), key: `${prefix}.notify.${block}`, hint },
    );
  const program = command?.argv?.[0];
  if (program !== undefined && !isAbsolute(program))
    wrong('argv', 'command', 'the program has no absolute path', 'write argv = ["/usr/bin/..."]');
  if (http?.url !== undefined && whyUnsafeTarget(http.url, { unixUrls: true }) !== undefined)
    wrong(
      'url',
      'http',
      'it is neither https:, nor http: to this machine, nor unix:///path',
      'use https:// or a socket',
    );
}
