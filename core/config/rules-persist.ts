// Rules about persistence: what the store can do, where the key comes from, and that it does not lie beside its data (R-7, R-15, D-17).
import { isAbsolute, relative, resolve } from 'node:path';
import type { CheckScope, Draft, KeyDraft, PersistDraft } from './draft.js';
import { lacks } from './draft-facts.js';
import { placeOf } from './located.js';
import { tokenSetting } from './token-use.js';

/** Reports every broken rule about `persist`. */
export function persistRules(draft: Draft, scope: CheckScope): void {
  const persist = draft.cache?.persist;
  if (persist === undefined) return;
  const keys = [persist.key, persist.previousKey].filter((key) => key !== undefined);
  durableRule(persist, scope);
  for (const key of keys) {
    transitRule(key, draft, scope);
    if (draft.compat?.settings.key_beside_data !== true) besideRule(key, persist, scope);
  }
  if (persist.settings.share === true) shareRules(persist, draft, scope);
  else idleRule(persist, scope);
}

function durableRule({ entry, map, type }: PersistDraft, { report, catalog }: CheckScope): void {
  if (entry === undefined || entry.manifest.supports?.durable === true) return;
  const able = namesWith(catalog, 'durable');
  const why = `the store "${type}" keeps nothing over restarts`;
  const facts = { at: placeOf(map, 'type'), key: 'cache.persist.type', hint: `use ${able}, or remove persist` };
  report.error('CONFIG_VALUE', { key: 'cache.persist.type', why }, facts);
}

const namesWith = (catalog: CheckScope['catalog'], ability: string): string =>
  catalog
    .all('cache-store')
    .filter(({ manifest }) => manifest.supports?.[ability] === true)
    .map(({ manifest }) => `"${manifest.name}"`)
    .join(' or ');

function transitRule({ type, map, prefix }: KeyDraft, draft: Draft, scope: CheckScope): void {
  if (type !== 'transit' || !lacks(draft, scope, 'auto_auth')) return;
  const hint = 'add an auto_auth block: its token opens the store; or use another key provider';
  const facts = { at: map.at, key: prefix, hint };
  scope.report.error('CONFIG_MISSING', { key: 'an auto_auth block', where: `${prefix} "transit"` }, facts);
}

const FILE_OF: Readonly<Partial<Record<KeyDraft['type'], string>>> = {
  key_file: 'path',
  file: 'path',
  passphrase: 'file',
};

function besideRule(key: KeyDraft, { own }: PersistDraft, { report }: CheckScope): void {
  const name = FILE_OF[key.type];
  const file = name === undefined ? undefined : key.settings[name];
  if (name === undefined || typeof file !== 'string' || typeof own.path !== 'string' || own.path === '') return;
  if (!isInside(file, own.path)) return;
  const at = placeOf(key.map, name);
  const detail = `${key.prefix}.${name} lies in the folder of the store that it seals (cache.persist.path)`;
  const hint = 'keep the key elsewhere, or set compat { key_beside_data = true }';
  report.error('CONFIG_CONFLICT', { detail }, { at, key: `${key.prefix}.${name}`, hint });
}

function isInside(file: string, folder: string): boolean {
  const path = relative(resolve(folder), resolve(file));
  return path !== '..' && !/^\.\.[\\/]/.test(path) && !isAbsolute(path);
}

function shareRules(persist: PersistDraft, draft: Draft, scope: CheckScope): void {
  const { report, catalog } = scope;
  const { entry, map, type, settings, key } = persist;
  const at = placeOf(map, 'share');
  const facts = (hint: string): object => ({ at, key: 'cache.persist.share', hint });
  const conflict = (detail: string, hint: string): void => report.error('CONFIG_CONFLICT', { detail }, facts(hint));
  if (entry !== undefined && entry.manifest.supports?.shared !== true)
    conflict(
      `cache.persist.share needs a store that several agents can use; "${type}" is for one`,
      `use ${namesWith(catalog, 'shared')}, or remove share`,
    );
  if (tokenSetting(draft).use === 'never' && !scope.partial) {
    const detail = 'cache.persist.share is for requests with the token of an identity, and use_auto_auth_token is off';
    conflict(detail, 'set api_proxy { use_auto_auth_token = true }, or remove share');
  }
  if (settings.keep_after_import === false)
    conflict('keep_after_import = false would remove the store that the agents share', 'remove keep_after_import');
  if (key?.settings.bind_pod === true)
    conflict('bind_pod = true seals the store for one pod, so agents cannot share it', 'remove bind_pod or share');
}

/** What is said about sharing while there is none. */
function idleRule({ map }: PersistDraft, { report }: CheckScope): void {
  const entry = map.entries.get('share_bound');
  if (entry === undefined) return;
  const what = 'cache.persist.share_bound';
  const facts = { at: entry.at, key: what, hint: 'set share = true, or remove it' };
  report.warn('CONFIG_IGNORED', { what, why: 'share is off' }, facts);
}
