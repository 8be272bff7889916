// Reads policy texts (HCL or JSON) into rules with the kernel's reader. It judges no request.
import { parseDuration } from '../../kernel/duration.js';
import { readText } from '../../kernel/hcl/read.js';
import type { Item, Node, ObjectNode } from '../../kernel/hcl/tree.js';
import { fault } from '../backend.js';
import { CAPABILITIES } from './rules.js';
import type { Capability, Parameters, Rule } from './rules.js';

const PRESETS: Readonly<Record<string, readonly Capability[]>> = {
  deny: ['deny'],
  read: ['read', 'list'],
  write: ['create', 'read', 'update', 'delete', 'list'],
  sudo: ['create', 'read', 'update', 'delete', 'list', 'sudo'],
};

/** The rules of a policy text. Throws 400 `failed to parse policy: ...`. */
export function readPolicy(text: string): Rule[] {
  const reading = readText(text, 'policy');
  const broken = reading.problems.find((problem) => problem.severity === 'error');
  if (broken !== undefined) throw refused(`${broken.message} at ${String(broken.at.line)}:${String(broken.at.column)}`);
  return reading.tree.items.flatMap(rulesOfItem);
}

function refused(detail: string): Error {
  return fault(400, `failed to parse policy: ${detail}`);
}

function rulesOfItem(item: Item): Rule[] {
  const name = item.keys[0]?.text;
  if (name === 'name') return [];
  if (name !== 'path') throw refused(`invalid key "${name ?? ''}" on line ${String(item.at.line)}`);
  const label = item.keys[1]?.text;
  if (label !== undefined) return objectsOf(item.value).map((body) => readRule(label, body));
  return objectsOf(item.value).flatMap((paths) =>
    paths.items.flatMap((inner) => objectsOf(inner.value).map((body) => readRule(inner.keys[0]?.text ?? '', body))),
  );
}

function objectsOf(node: Node): ObjectNode[] {
  if (node.kind === 'object') return [node];
  return node.kind === 'list' ? node.items.flatMap(objectsOf) : [];
}

function readRule(path: string, body: ObjectNode): Rule {
  const capabilities = new Set<Capability>(presetOf(path, body));
  for (const name of textsOf(valueOf(body, 'capabilities'))) {
    const known = CAPABILITIES.find((capability) => capability === name);
    if (known === undefined) throw refused(`path "${path}": invalid capability "${name}"`);
    capabilities.add(known);
  }
  if (capabilities.has('deny')) capabilities.clear();
  return {
    path: path.replace(/^\//, ''),
    capabilities: capabilities.size === 0 ? new Set<Capability>(['deny']) : capabilities,
    allowed: parametersOf(body, 'allowed_parameters'),
    denied: parametersOf(body, 'denied_parameters'),
    required: textsOf(valueOf(body, 'required_parameters')),
    minWrappingMs: durationOf(body, 'min_wrapping_ttl'),
    maxWrappingMs: durationOf(body, 'max_wrapping_ttl'),
  };
}

function presetOf(path: string, body: ObjectNode): readonly Capability[] {
  const name = textsOf(valueOf(body, 'policy'))[0];
  if (name === undefined) return [];
  const preset = PRESETS[name];
  if (preset === undefined) throw refused(`path "${path}": invalid policy "${name}"`);
  return preset;
}

function valueOf(body: ObjectNode, name: string): Node | undefined {
  return body.items.find((item) => item.keys[0]?.text === name)?.value;
}

function textsOf(node: Node | undefined): string[] {
  if (node === undefined) return [];
  if (node.kind === 'list') return node.items.flatMap(textsOf);
  return node.kind === 'scalar' ? [String(node.value)] : [];
}

function durationOf(body: ObjectNode, name: string): number {
  const node = valueOf(body, name);
  return node?.kind === 'scalar' ? (parseDuration(node.value) ?? 0) : 0;
}

function parametersOf(body: ObjectNode, name: string): Parameters | undefined {
  const node = valueOf(body, name);
  if (node === undefined) return undefined;
  const entries = objectsOf(node).flatMap((object) => object.items);
  return new Map(entries.map((item) => [(item.keys[0]?.text ?? '').toLowerCase(), scalarsOf(item.value)]));
}

function scalarsOf(node: Node): unknown[] {
  if (node.kind === 'list') return node.items.flatMap(scalarsOf);
  return node.kind === 'scalar' ? [node.value] : [];
}
