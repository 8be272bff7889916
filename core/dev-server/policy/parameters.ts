// The parameter lists of policies: required, denied, allowed. Only writes are judged. Pure.
import type { Fields } from '../backend.js';
import type { Capability, Parameters, Rule } from './rules.js';

/** Whether the members of a body fit all rules that decide about its path. */
export function allowsParameters(
  rules: readonly Rule[],
  question: { readonly capability: Capability; readonly body: Fields },
): boolean {
  if (question.capability !== 'create' && question.capability !== 'update' && question.capability !== 'patch')
    return true;
  const members = Object.entries(question.body).map(([name, value]) => [name.toLowerCase(), value] as const);
  const names = new Set(members.map(([name]) => name));
  return rules.every((rule) => {
    if (!rule.required.every((name) => names.has(name.toLowerCase()))) return false;
    return members.every(
      ([name, value]) => !isDenied(rule.denied, name, value) && isAllowed(rule.allowed, name, value),
    );
  });
}

function isDenied(denied: Parameters | undefined, name: string, value: unknown): boolean {
  if (denied === undefined) return false;
  const values = denied.get(name) ?? denied.get('*');
  return values !== undefined && (values.length === 0 || values.some((item) => sameValue(item, value)));
}

function isAllowed(allowed: Parameters | undefined, name: string, value: unknown): boolean {
  if (allowed === undefined) return true;
  const values = allowed.get(name) ?? allowed.get('*');
  return values !== undefined && (values.length === 0 || values.some((item) => sameValue(item, value)));
}

function sameValue(pattern: unknown, value: unknown): boolean {
  const want = String(pattern);
  const have = typeof value === 'string' ? value : JSON.stringify(value);
  if (want.endsWith('*')) return have.startsWith(want.slice(0, -1));
  return want.startsWith('*') ? have.endsWith(want.slice(1)) : want === have;
}
