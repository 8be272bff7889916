// Rules about listeners: TLS or plain, whose token, which control block (spec cache 2.1; L3).
import type { CheckScope, Draft, PluginStanza } from './draft.js';
import { listenerIdentity } from './listener-identity.js';
import { mapAt, placeOf, type MapValue } from './located.js';
import { nearestName } from './nearest-name.js';
import { list } from './report.js';
import type { ListenerSettings } from './stanzas.js';
import { writtenAddresses } from './resolve-vault.js';
import { tokenSetting } from './token-use.js';
import { shortAddress } from './address.js';

/** Reports every broken rule about listeners. */
export function listenerRules(draft: Draft, scope: CheckScope): void {
  for (const listener of draft.listeners) {
    tlsRule(listener, scope);
    identityRule(listener, draft, scope);
    controlRule(listener, scope);
    loopRule(listener, draft, scope);
  }
  sameAddress(draft, scope);
}

type Listener = PluginStanza<ListenerSettings>;

/** `listener[0] ("tcp")` for people. */
function called({ prefix, type, own }: Listener): string {
  const address = typeof own.address === 'string' && own.address !== '' ? ` on ${own.address}` : '';
  return `${prefix} (${type}${address})`;
}

function tlsRule(listener: Listener, { report }: CheckScope): void {
  const { own, map, prefix, broken } = listener;
  if (!('tls_disable' in own) || own.tls_disable !== false || broken.has('/tls_disable')) return;
  if (isSet(map, 'tls_cert_file') && !isSet(map, 'tls_key_file')) {
    const key = `${prefix}.tls_key_file`;
    report.error(
      'CONFIG_LISTENER_TLS',
      { listener: called(listener), why: 'has a certificate but no key' },
      { at: placeOf(map, 'tls_cert_file'), key, hint: 'set tls_key_file, or tls_disable = true for plain HTTP' },
    );
  }
  if (isSet(map, 'tls_cert_file') || [...map.entries.keys()].some((key) => key.startsWith('tls_acme_'))) return;
  const facts = { at: map.at, key: prefix };
  if (listener.entry?.manifest.supports?.path === true && !isSet(map, 'tls_key_file')) {
    const why =
      'has neither tls_disable nor a certificate, so it is served without TLS; the reference refuses to start';
    report.warn(
      'CONFIG_LISTENER_TLS',
      { listener: called(listener), why },
      { ...facts, hint: 'set tls_disable = true' },
    );
    return;
  }
  const why = 'has no certificate, and TLS is not turned off';
  const hint = 'set tls_cert_file and tls_key_file, or tls_disable = true for plain HTTP';
  report.error('CONFIG_LISTENER_TLS', { listener: called(listener), why }, { ...facts, hint });
}

function isSet(map: MapValue, key: string): boolean {
  const value = map.entries.get(key)?.value;
  return value !== undefined && !(value.kind === 'scalar' && value.value === '');
}

function identityRule(listener: Listener, draft: Draft, scope: CheckScope): void {
  const { settings, map, prefix } = listener;
  if (scope.partial || listenerIdentity(listener, draft.identities) !== undefined) return;
  const names = draft.identities.map(({ label, name }) => label ?? name);
  const wanted = settings.auto_auth ?? '';
  const key = `${prefix}.auto_auth`;
  if (wanted !== '') {
    const near = nearestName(wanted, names);
    const hint = near === undefined ? `known: ${names.length === 0 ? 'none' : list(names)}` : `did you mean "${near}"?`;
    scope.report.error(
      'CONFIG_VALUE',
      { key, why: `there is no auto_auth "${wanted}"` },
      { at: placeOf(map, 'auto_auth'), key, hint },
    );
  } else if (tokenSetting(draft).use !== 'never' && settings.role !== 'metrics_only') {
    const hint = `add auto_auth = "${names[0] ?? ''}" to the listener, or one of ${list(names)}`;
    scope.report.error('CONFIG_MISSING', { key: 'auto_auth', where: prefix }, { at: map.at, key, hint });
  }
}

function controlRule({ map, prefix }: Listener, { report, product }: CheckScope): void {
  const other = product === 'agent' ? 'proxy_api' : 'agent_api';
  const block = mapAt(map, other);
  if (block === undefined) return;
  const why = `this is the ${product}; it reads ${product}_api`;
  report.warn(
    'CONFIG_IGNORED',
    { what: `${prefix}.${other}`, why },
    { at: block.at, key: `${prefix}.${other}`, hint: `rename it to ${product}_api` },
  );
}

function loopRule(listener: Listener, draft: Draft, { report, env, flags }: CheckScope): void {
  if (flags.address !== undefined || env.VAULT_ADDR !== undefined || env.BAO_ADDR !== undefined) return;
  const { address } = listener.own;
  const same = writtenAddresses(draft).find((one) => {
    const host = /^https?:\/\/([^/]+)/i.exec(one)?.[1];
    return host !== undefined && shortAddress(host) === address;
  });
  if (same === undefined) return;
  const detail = `${called(listener)} has the address of the server (vault.address = "${same}")`;
  const hint = 'give the listener another port, unless the server is elsewhere';
  report.warn(
    'CONFIG_CONFLICT',
    { detail },
    { at: placeOf(listener.map, 'address'), key: `${listener.prefix}.address`, hint },
  );
}

function sameAddress({ listeners }: Draft, { report }: CheckScope): void {
  const seen = new Map<string, Listener>();
  for (const listener of listeners) {
    const { address } = listener.own;
    if (typeof address !== 'string' || address === '' || address.endsWith(':0')) continue;
    const before = seen.get(address);
    if (before === undefined) {
      seen.set(address, listener);
      continue;
    }
    const detail = `${listener.prefix} and ${before.prefix} (line ${before.map.at.line}) have the same address ${address}`;
    report.error(
      'CONFIG_CONFLICT',
      { detail },
      { at: placeOf(listener.map, 'address'), key: `${listener.prefix}.address`, hint: 'give each its own' },
    );
  }
}
