// `listener` blocks: keys of the core, keys of the listener plugin, keys of a server that mean nothing here (spec cache 2.1).
import { needed, type Blocks } from './blocks.js';
import type { CheckScope, PluginStanza } from './draft.js';
import { placeOf, textAt, without, type Entry, type MapValue } from './located.js';
import { entryFor } from './not-built.js';
import { ownSettings, validatorOf, type PluginSpot } from './read-plugin.js';
import { memberNames, memberSchema, type Schema } from './schema.js';
import type { ListenerSettings } from './stanzas.js';
import { shortAddress } from './address.js';
import { conform } from './validate.js';

/** One listener. What the plugin's schema knows belongs to the plugin; its names are matched without regard to case. */
export async function readListener(
  map: MapValue,
  index: number,
  blocks: Blocks,
  scope: CheckScope,
): Promise<PluginStanza<ListenerSettings>> {
  const prefix = `listener[${index}]`;
  const core = needed(blocks, 'listener');
  const type = textAt(map, 'type') ?? '';
  const spot: PluginSpot = {
    kind: 'listener',
    name: type,
    at: placeOf(map, 'type'),
    map,
    prefix,
    listed: 'listener.type',
  };
  const entry = scope.catalog.find('listener', type);
  const validator = type === '' ? undefined : await validatorOf(spot, entry, scope);
  const names = validator === undefined ? [] : memberNames(validator.schema, validator.schema);
  const owner = (one: Entry): 'core' | 'plugin' => ownerOf(one, names, core.schema);
  const common = conform<ListenerSettings>(
    without(map, (one) => owner(one) === 'plugin'),
    core,
    { report: scope.report, prefix },
  );
  if (validator === undefined || entry === undefined) return { ...common, map, prefix, type, entry, own: {} };
  const own = without(
    map,
    (one) => owner(one) === 'core' || entryFor(scope.notBuilt, `listener.${one.key}`, '') !== undefined,
  );
  const alsoKnown = ['role', 'require_request_header', 'agent_api', 'proxy_api', 'auto_auth'];
  const found = await ownSettings({ ...spot, map: respelt(own, names), alsoKnown }, scope);
  return { ...common, map, prefix, type: entry.manifest.name, entry, own: tidy(found.own) };
}

function ownerOf(entry: Entry, names: readonly string[], core: Schema): 'core' | 'plugin' {
  if (names.some((name) => name.toLowerCase() === entry.key) && entry.key !== 'type') return 'plugin';
  return memberSchema(core, entry.key, core) === undefined ? 'plugin' : 'core';
}

function respelt(map: MapValue, names: readonly string[]): MapValue {
  const spell = (entry: Entry): Entry => ({
    ...entry,
    key: names.find((name) => name.toLowerCase() === entry.key) ?? entry.key,
  });
  return { ...map, entries: new Map([...map.entries.values()].map(spell).map((entry) => [entry.key, entry])) };
}

function tidy(own: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return typeof own.address === 'string' ? { ...own, address: shortAddress(own.address) } : own;
}
