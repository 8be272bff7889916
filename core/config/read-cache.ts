// `cache` and the blocks in it: the request hasher, policies by path, static secrets, persistence. Loads only what is there.
import { needed, type Blocks } from './blocks.js';
import type { CacheDraft, CheckScope, Stanza, StaticDraft } from './draft.js';
import { mapAt, mapsAt, without, type MapValue } from './located.js';
import { readPersist } from './read-persist.js';
import { ownSettings } from './read-plugin.js';
import type { CachePathSettings, CacheSettings, StaticPathSettings, StaticSettings } from './stanzas.js';
import { conform } from './validate.js';
import { blockValidator } from './validators.js';

const BLOCKS_IN: ReadonlySet<string> = new Set(['persist', 'request_hasher', 'path', 'static_secrets']);

/** The validated block, or undefined when there is none. */
export async function readCache(
  map: MapValue | undefined,
  blocks: Blocks,
  scope: CheckScope,
): Promise<CacheDraft | undefined> {
  if (map === undefined) return undefined;
  const plain = without(map, ({ key }) => BLOCKS_IN.has(key));
  const common = conform<CacheSettings>(plain, needed(blocks, 'cache'), { report: scope.report, prefix: 'cache' });
  return {
    ...common,
    map,
    prefix: 'cache',
    hasher: await readHasher(map, common.settings, scope),
    paths: await readPaths<CachePathSettings>(map, { prefix: 'cache', schema: 'cache-path' }, scope),
    statics: await readStatics(mapAt(map, 'static_secrets'), scope),
    persist: await readPersist(mapAt(map, 'persist'), scope),
  };
}

async function readHasher(cache: MapValue, settings: CacheSettings, scope: CheckScope): Promise<CacheDraft['hasher']> {
  const map: MapValue = mapAt(cache, 'request_hasher') ?? { kind: 'map', entries: new Map(), at: cache.at };
  const name = map.label?.text.toLowerCase() ?? Object.keys(settings.request_hasher ?? {})[0] ?? '';
  const spot = {
    kind: 'request-hasher',
    name,
    map,
    at: map.label?.at ?? map.at,
    prefix: 'cache.request_hasher',
  } as const;
  const { own, entry } = await ownSettings(spot, scope);
  return { name: entry?.manifest.name ?? name, settings: own, map };
}

async function readStatics(map: MapValue | undefined, scope: CheckScope): Promise<StaticDraft | undefined> {
  if (map === undefined) return undefined;
  const prefix = 'cache.static_secrets';
  const validator = await blockValidator('blocks/static-secrets.schema.json');
  const plain = without(map, ({ key }) => key === 'path');
  const found = conform<StaticSettings>(plain, validator, { report: scope.report, prefix });
  const paths = await readPaths<StaticPathSettings>(map, { prefix, schema: 'static-path' }, scope);
  return { ...found, map, prefix, paths };
}

async function readPaths<T>(
  holder: MapValue,
  { prefix, schema }: { readonly prefix: string; readonly schema: string },
  { report }: CheckScope,
): Promise<Stanza<T>[]> {
  const maps = mapsAt(holder, 'path');
  if (maps.length === 0) return [];
  const validator = await blockValidator(`blocks/${schema}.schema.json`);
  return maps.map((map) => {
    const name = `${prefix}.path.${map.label?.text ?? ''}`;
    return { ...conform<T>(map, validator, { report, prefix: name }), map, prefix: name };
  });
}
