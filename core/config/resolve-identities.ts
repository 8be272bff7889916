// Identities with all defaults: mount path, namespace, back-off, encryption (spec config 1.6, 3.2).
import type { IdentityConfig, MethodConfig, SinkConfig } from '../contracts/agent-config.js';
import type { Place } from '../kernel/hcl/tree.js';
import type { CheckScope, Draft, IdentityDraft, PluginStanza } from './draft.js';
import { loginNamespace } from './namespace.js';
import { namespaceSources } from './resolve-vault.js';
import { resolveChild, resolveMfa, resolveNotify } from './resolve-sink-extras.js';
import { MAX_BACKOFF_MS, MIN_BACKOFF_MS, additionalData } from './rules-auth.js';
import type { MethodSettings, SinkSettings } from './stanzas.js';

const RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 20_000;

/** `file:line:column`. */
export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** All identities, in the order of the files. */
export function resolveIdentities(draft: Draft, scope: CheckScope): IdentityConfig[] {
  return draft.identities.flatMap((identity) => {
    const { method } = identity;
    return method === undefined ? [] : [resolveIdentity(identity, resolveMethod(method, draft, scope), scope)];
  });
}

function resolveIdentity(identity: IdentityDraft, method: MethodConfig, scope: CheckScope): IdentityConfig {
  return {
    name: identity.name,
    method,
    sinks: identity.sinks.map((sink) => resolveSink(sink, scope)),
    reauthOnNewCredentials: identity.settings.enable_reauth_on_new_credentials ?? false,
    revokeOnShutdown: identity.settings.revoke_on_shutdown ?? false,
    at: placeText(identity.map.at),
  };
}

function resolveMethod(method: PluginStanza<MethodSettings>, draft: Draft, scope: CheckScope): MethodConfig {
  const { settings } = method;
  return {
    type: method.entry?.manifest.name ?? method.type,
    mountPath: mountPath(method),
    namespace: loginNamespace(namespaceSources(draft, scope), settings.namespace ?? ''),
    wrapTtlMs: settings.wrap_ttl ?? 0,
    minBackoffMs: settings.min_backoff || MIN_BACKOFF_MS,
    maxBackoffMs: settings.max_backoff || MAX_BACKOFF_MS,
    exitOnErr: settings.exit_on_err ?? false,
    mfa: resolveMfa(settings),
    settings: method.own,
    at: placeText(method.map.at),
  };
}

/** As written but for one trailing slash; otherwise the mount of the manifest, or `auth/` and the type as written (an alias has its own mount). */
function mountPath({ settings, entry, type }: PluginStanza<MethodSettings>): string {
  const written = settings.mount_path ?? '';
  if (written !== '') return written.endsWith('/') ? written.slice(0, -1) : written;
  return entry?.manifest.name === type ? (entry.manifest.mount ?? `auth/${type}`) : `auth/${type}`;
}

function resolveSink(sink: PluginStanza<SinkSettings>, { env }: CheckScope): SinkConfig {
  const { settings } = sink;
  const encryption = {
    dhPath: settings.dh_path ?? '',
    deriveKey: settings.derive_key ?? false,
    aad: additionalData(settings, env),
  };
  return {
    type: sink.entry?.manifest.name ?? sink.type,
    wrapTtlMs: settings.wrap_ttl ?? 0,
    encryption: (settings.dh_type ?? '') === '' ? undefined : encryption,
    reuse: settings.reuse ?? false,
    child: settings.token && resolveChild(settings.token),
    retry: { minMs: settings.retry?.min_backoff ?? RETRY_MS, maxMs: settings.retry?.max_backoff ?? LONGEST_RETRY_MS },
    notify: settings.notify && resolveNotify(settings.notify),
    settings: sink.own,
    at: placeText(sink.map.at),
  };
}
