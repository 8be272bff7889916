// `auto_auth` blocks -> identities: names, the method, the sinks (spec config 1.6, rules L5 to L9).
import type { Kind } from '../sdk/index.js';
import { needed, type Blocks } from './blocks.js';
import { withCredentials } from './credentials-directory.js';
import type { CheckScope, IdentityDraft, PluginStanza } from './draft.js';
import { mapAt, mapsAt, placeOf, textAt, without, type MapValue } from './located.js';
import { ownSettings } from './read-plugin.js';
import type { AutoAuthSettings, MethodSettings, SinkSettings } from './stanzas.js';
import { conform } from './validate.js';

/** Name of an identity that has no label. */
export const LONE = 'default';

/** The identities in the order of the files. Two of the same name are one error (L5). */
export async function readIdentities(
  maps: readonly MapValue[],
  blocks: Blocks,
  scope: CheckScope,
): Promise<IdentityDraft[]> {
  const identities: IdentityDraft[] = [];
  for (const map of maps) {
    const label = map.label?.text;
    const name = maps.length === 1 ? LONE : (label ?? LONE);
    if (identities.some((other) => other.name === name)) reportTwice(name, map, scope);
    else identities.push(await readIdentity(map, { name, label }, blocks, scope));
  }
  return identities;
}

function reportTwice(name: string, map: MapValue, { report }: CheckScope): void {
  const detail = map.label === undefined ? 'there are several blocks without a name' : `the name "${name}" is taken`;
  const hint = 'give each auto_auth block its own name: auto_auth "web" { ... }';
  report.error(
    'CONFIG_DUPLICATE',
    { what: 'auto_auth', detail },
    { at: map.label?.at ?? map.at, key: 'auto_auth', hint },
  );
}

async function readIdentity(
  map: MapValue,
  { name, label }: { name: string; label: string | undefined },
  blocks: Blocks,
  scope: CheckScope,
): Promise<IdentityDraft> {
  const prefix = name === LONE ? 'auto_auth' : `auto_auth.${name}`;
  const plain = without(map, ({ key }) => key === 'method' || key === 'sink');
  const common = conform<AutoAuthSettings>(plain, needed(blocks, 'auto-auth'), { report: scope.report, prefix });
  const methodMap = theMethod(map, plain, prefix, scope);
  const read = <T>(kind: Kind, block: MapValue, at: string): Promise<PluginStanza<T>> =>
    readPlugin<T>({ kind, map: block, prefix: at, block: kind === 'sink' ? 'sink' : 'method' }, blocks, scope);
  const method =
    methodMap === undefined ? undefined : await read<MethodSettings>('auth-method', methodMap, `${prefix}.method`);
  const sinks: PluginStanza<SinkSettings>[] = [];
  for (const [index, sink] of mapsAt(map, 'sink').entries())
    sinks.push(await read<SinkSettings>('sink', sink, `${prefix}.sink[${index}]`));
  return { ...common, map, plain, prefix, name, label, method, sinks };
}

function theMethod(map: MapValue, holder: MapValue, prefix: string, { report }: CheckScope): MapValue | undefined {
  const methods = mapsAt(map, 'method');
  if (methods.length === 0 && !map.entries.has('method') && !report.misspelt(holder, 'method')) {
    const hint = 'add method "approle" { ... } or another one';
    report.error(
      'CONFIG_MISSING',
      { key: 'a method block', where: prefix },
      { at: map.at, key: `${prefix}.method`, hint },
    );
  }
  if (methods.length > 1) {
    const detail = `there may be one method, here are ${methods.length}`;
    const hint = 'keep one, or write one auto_auth "name" block for each';
    report.error('CONFIG_DUPLICATE', { what: prefix, detail }, { at: methods[1]?.at, key: `${prefix}.method`, hint });
  }
  return methods[0];
}

type Settings = Readonly<Record<string, unknown>>;

interface Spot {
  readonly kind: Kind;
  readonly map: MapValue;
  readonly prefix: string;
  readonly block: 'method' | 'sink';
}

async function readPlugin<T>(spot: Spot, blocks: Blocks, scope: CheckScope): Promise<PluginStanza<T>> {
  const { map, prefix, block, kind } = spot;
  const plain = without(map, ({ key }) => key === 'config');
  const common = conform<T>(plain, needed(blocks, block), { report: scope.report, prefix });
  const type = textAt(map, 'type') ?? '';
  const config = mapAt(map, 'config') ?? { kind: 'map', entries: new Map(), at: map.at };
  if (type === '') return { ...common, map, prefix, type, entry: undefined, own: {} };
  const at = placeOf(map, 'type');
  const listed = `auto_auth.${block}.type`;
  const { entry, own, validator } = await ownSettings(
    { kind, name: type, at, map: config, prefix: `${prefix}.config`, listed },
    scope,
  );
  const read = { ...common, map, prefix, type, entry, own };
  if (kind !== 'auth-method' || validator === undefined) return read;
  const { credentials } = scope;
  const settings = withCredentials(
    common.settings as object as Settings,
    needed(blocks, block).schema,
    credentials,
  ) as T;
  return { ...read, settings, own: withCredentials(own, validator.schema, credentials) };
}
