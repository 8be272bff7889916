// The block of a plugin in its sample.hcl, checked against its schema: keys known, required keys there. Pure but for the HCL reader.
import { readText } from '../../kernel/hcl/read.js';
import type { Item, ObjectNode } from '../../kernel/hcl/tree.js';
import type { Kind, Manifest } from '../manifest.js';
import type { Schema } from './suite.js';

/** Keys of the block that the core consumes, where the settings are not in a `config` object (architecture 2.12). */
const FRAME: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  listener: ['type', 'role', 'require_request_header', 'agent_api', 'proxy_api', 'auto_auth'],
  'cache-store': [
    'type',
    'keep_after_import',
    'exit_on_err',
    'sync',
    'share',
    'share_bound',
    'instance',
    'service_account_token_file',
    'key_provider',
    'previous_key_provider',
  ],
  'request-hasher': ['type'],
};

/** What is wrong with the sample, one line each; empty when nothing is. */
export function sampleFaults(text: string, manifest: Manifest, schema: Schema): string[] {
  const { tree, problems } = readText(text, 'sample.hcl');
  const syntax = problems.map(({ message }) => message);
  const names = [manifest.name, ...(manifest.aliases ?? [])];
  const block = findBlock(tree, names);
  if (block === undefined && isUnnamed(manifest, schema)) return syntax;
  if (block === undefined) return [...syntax, `no block "${manifest.name}"`];
  return [...syntax, ...settingsFaults(manifest.kind, block, schema)];
}

/** A store that needs no settings may be what the agent uses when none is named, so that its sample names none. */
const isUnnamed = ({ kind }: Manifest, { required = [] }: Schema): boolean =>
  kind === 'cache-store' && required.length === 0;

function settingsFaults(kind: Kind, block: ObjectNode, schema: Schema): string[] {
  const frame = FRAME[kind];
  const settings = frame === undefined ? child(block, 'config') : block;
  const keys = (settings?.items ?? []).map(keyOf).filter((key) => frame?.includes(key) !== true);
  const unknown = keys.filter((key) => schema.properties?.[key] === undefined);
  const missing = (schema.required ?? []).filter((key) => !keys.includes(key));
  return [...unknown.map((key) => `unknown key ${key}`), ...missing.map((key) => `${key} is missing`)];
}

function findBlock(node: ObjectNode, names: readonly string[]): ObjectNode | undefined {
  for (const item of node.items) {
    if (item.value.kind !== 'object') continue;
    if (item.keys.slice(1).some(({ text }) => names.includes(text)) || hasType(item.value, names)) return item.value;
    const deeper = findBlock(item.value, names);
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

function hasType(block: ObjectNode, names: readonly string[]): boolean {
  return block.items.some((item) => {
    return keyOf(item) === 'type' && item.value.kind === 'scalar' && names.includes(String(item.value.value));
  });
}

function child(block: ObjectNode, key: string): ObjectNode | undefined {
  const found = block.items.find((item) => keyOf(item) === key)?.value;
  return found?.kind === 'object' ? found : undefined;
}

function keyOf(item: Item): string {
  return item.keys[0]?.text ?? '';
}
