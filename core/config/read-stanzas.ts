// Canonical map -> validated stanzas. Loads only the validators of the blocks and plugins that are used.
import { needed, type Blocks } from './blocks.js';
import type { CheckScope, Draft, Stanza } from './draft.js';
import { mapAt, mapsAt, without, type MapValue } from './located.js';
import { readIdentities } from './read-identities.js';
import { readCache } from './read-cache.js';
import { readListener } from './read-listener.js';
import { ROOT } from './shapes.js';
import { conform } from './validate.js';
import { blockValidator, type Validator } from './validators.js';

const BLOCKS_OF: Readonly<Record<string, readonly string[]>> = {
  vault: ['vault'],
  auto_auth: ['auto-auth', 'method', 'sink'],
  cache: ['cache'],
  api_proxy: ['api-proxy'],
  listener: ['listener'],
  template: ['template'],
  template_config: ['template-config'],
  env_template: ['env-template'],
  exec: ['exec'],
  telemetry: ['telemetry'],
  plugin: ['plugin'],
  compat: ['compat'],
};

async function loadBlocks(root: MapValue): Promise<Blocks> {
  const names = [...root.entries.keys()].flatMap((key) =>
    Object.hasOwn(BLOCKS_OF, key) ? (BLOCKS_OF[key] ?? []) : [],
  );
  const load = async (name: string): Promise<[string, Validator]> => [
    name,
    await blockValidator(name === 'agent' ? 'agent.schema.json' : `blocks/${name}.schema.json`),
  ];
  return new Map(await Promise.all(['agent', ...names].map(load)));
}

/** Validates each stanza by itself; findings go to the report. */
export async function readStanzas(root: MapValue, scope: CheckScope): Promise<Draft> {
  const blocks = await loadBlocks(root);
  const top = without(root, (entry) => Object.hasOwn(ROOT.blocks, entry.key));
  const one = <T>(key: string, block: string, strictKeys = false): Stanza<T> | undefined => {
    const map = mapAt(root, key);
    return map === undefined ? undefined : stanza<T>(map, block, key, strictKeys);
  };
  const many = <T>(key: string, block: string, strictKeys = false): Stanza<T>[] =>
    mapsAt(root, key).map((map, index) => stanza<T>(map, block, nameOf(key, map, index), strictKeys));
  const stanza = <T>(map: MapValue, block: string, prefix: string, unknownIsError: boolean): Stanza<T> => {
    const found = conform<T>(map, needed(blocks, block), { report: scope.report, prefix, unknownIsError });
    return { ...found, map, prefix };
  };
  return {
    root: stanza(top, 'agent', '', false),
    vault: one('vault', 'vault'),
    identities: await readIdentities(mapsAt(root, 'auto_auth'), blocks, scope),
    cache: await readCache(mapAt(root, 'cache'), blocks, scope),
    apiProxy: one('api_proxy', 'api-proxy'),
    listeners: await Promise.all(mapsAt(root, 'listener').map((map, index) => readListener(map, index, blocks, scope))),
    templates: many('template', 'template', true),
    envTemplates: many('env_template', 'env-template', true),
    exec: one('exec', 'exec', true),
    telemetry: one('telemetry', 'telemetry'),
    plugins: many('plugin', 'plugin'),
    compat: one('compat', 'compat'),
    ...templateConfig(one),
  };
}

/** Validated for its findings; nothing that is built reads it. */
function templateConfig(one: (key: string, block: string) => unknown): object {
  one('template_config', 'template-config');
  return {};
}

function nameOf(key: string, map: MapValue, index: number): string {
  return map.label === undefined ? `${key}[${index}]` : `${key}.${map.label.text}`;
}
