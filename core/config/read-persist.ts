// `persist`: keys of the core, settings of the store plugin, key providers. The store `kubernetes` is the drop-in form: its service account token
// belongs to the key provider (spec cache 10.1).
import type { KeyProviderConfig } from '../contracts/agent-config.js';
import type { CheckScope, KeyDraft, PersistDraft } from './draft.js';
import { mapAt, placeOf, textAt, without, type Entry, type MapValue } from './located.js';
import { nearestName } from './nearest-name.js';
import { ownSettings } from './read-plugin.js';
import { list } from './report.js';
import { memberNames } from './schema.js';
import type { PersistSettings } from './stanzas.js';
import { conform } from './validate.js';
import { blockValidator } from './validators.js';

const PREFIX = 'cache.persist';
const TYPES: readonly KeyProviderConfig['type'][] = ['key_file', 'file', 'env', 'passphrase', 'kubernetes', 'transit'];
const TOKEN_FILE = 'service_account_token_file';

/** The validated block, or undefined when there is none. What the schema of `persist` does not know belongs to the store. */
export async function readPersist(map: MapValue | undefined, scope: CheckScope): Promise<PersistDraft | undefined> {
  if (map === undefined) return undefined;
  const core = await blockValidator('blocks/persist.schema.json');
  const names = memberNames(core.schema, core.schema);
  const type = textAt(map, 'type') ?? '';
  const isOwn = ({ key }: Entry): boolean =>
    !names.includes(key) && (type !== '' || nearestName(key, ['type']) === undefined);
  const isKey = ({ key }: Entry): boolean => key === 'key_provider' || key === 'previous_key_provider';
  const plain = without(map, (entry) => isOwn(entry) || isKey(entry));
  const common = conform<PersistSettings>(plain, core, { report: scope.report, prefix: PREFIX });
  const store = without(map, (entry) => !isOwn(entry));
  const spot = { kind: 'cache-store', name: type, at: placeOf(map, 'type'), map: store, prefix: PREFIX } as const;
  const { entry, own } =
    type === '' ? { entry: undefined, own: {} } : await ownSettings({ ...spot, alsoKnown: names }, scope);
  const key = await readKey('key_provider', map, scope);
  const previousKey = mapAt(map, 'previous_key_provider') && (await readKey('previous_key_provider', map, scope));
  const draft = { ...common, map, prefix: PREFIX, type, entry, own, key, previousKey };
  reportIdleTokenFile(draft, scope);
  return draft;
}

async function readKey(
  name: 'key_provider' | 'previous_key_provider',
  persist: MapValue,
  scope: CheckScope,
): Promise<KeyDraft | undefined> {
  const written = mapAt(persist, name);
  const prefix = `${PREFIX}.${name}`;
  const type = written === undefined ? defaultType(persist) : knownType(written, prefix, scope);
  if (type === undefined) return undefined;
  const block: MapValue = written ?? { kind: 'map', entries: new Map(), at: persist.at };
  const map = type === 'kubernetes' ? withTokenFile(block, persist, prefix, scope) : block;
  const validator = await blockValidator(`blocks/key-provider-${type.replace('_', '-')}.schema.json`);
  const found = conform<Record<string, unknown>>(map, validator, { report: scope.report, prefix });
  const { type: _type, ...settings } = found.settings;
  return { ...found, settings, map, prefix, type };
}

const defaultType = (persist: MapValue): KeyProviderConfig['type'] =>
  textAt(persist, 'type') === 'kubernetes' ? 'kubernetes' : 'key_file';

function knownType(block: MapValue, prefix: string, { report }: CheckScope): KeyProviderConfig['type'] | undefined {
  const text = textAt(block, 'type') ?? '';
  const found = TYPES.find((type) => type === text);
  if (found !== undefined) return found;
  const facts = { at: placeOf(block, 'type'), key: `${prefix}.type` };
  const near = nearestName(text, TYPES);
  const hint = near === undefined ? `known: ${list(TYPES)}` : `did you mean "${near}"?`;
  if (text === '') report.error('CONFIG_MISSING', { key: 'type', where: prefix }, { ...facts, hint });
  else report.error('CONFIG_VALUE', { key: `${prefix}.type`, why: `"${text}" is not known` }, { ...facts, hint });
  return undefined;
}

/** The token file of the persist block counts for the provider, unless it has its own. */
function withTokenFile(block: MapValue, persist: MapValue, prefix: string, { report }: CheckScope): MapValue {
  const outer = persist.entries.get(TOKEN_FILE);
  if (outer === undefined) return block;
  const inner = block.entries.get(TOKEN_FILE);
  if (inner === undefined) return { ...block, entries: new Map([...block.entries, [TOKEN_FILE, outer]]) };
  if (textAt(block, TOKEN_FILE) !== textAt(persist, TOKEN_FILE)) {
    const detail = `${TOKEN_FILE} is set in ${PREFIX} and, otherwise, in ${prefix}`;
    const key = `${prefix}.${TOKEN_FILE}`;
    report.error('CONFIG_CONFLICT', { detail }, { at: inner.at, key, hint: 'keep one of them' });
  }
  return block;
}

function reportIdleTokenFile({ map, key, previousKey }: PersistDraft, { report }: CheckScope): void {
  const entry = map.entries.get(TOKEN_FILE);
  if (entry === undefined || key === undefined || [key, previousKey].some((one) => one?.type === 'kubernetes')) return;
  const what = `${PREFIX}.${TOKEN_FILE}`;
  const why = `only the key provider kubernetes reads it, not ${key.type}`;
  report.warn('CONFIG_IGNORED', { what, why }, { at: entry.at, key: what, hint: 'remove it' });
}
