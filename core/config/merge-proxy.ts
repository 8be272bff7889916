// The old key `cache.use_auto_auth_token` stands for an `api_proxy` block of its file (spec config 1.1 step 6, 1.10 last row). When a later
// file replaces that cache block, the proxy setting must not get lost with it. Pure.
import type { Item, ObjectNode } from '../kernel/hcl/tree.js';

/** The `api_proxy` block that outlives a replaced `cache` block, or undefined when nothing would be lost. */
export function carriedProxy(earlier: readonly Item[], later: readonly Item[]): Item | undefined {
  if (named(earlier, 'api_proxy') !== undefined || named(later, 'api_proxy') !== undefined) return undefined;
  const cache = named(earlier, 'cache');
  const next = named(later, 'cache');
  const use = useOf(cache);
  if (cache === undefined || next === undefined || use === undefined || useOf(next) !== undefined) return undefined;
  const value: ObjectNode = { kind: 'object', items: [use], at: cache.at };
  return { keys: [{ text: 'api_proxy', quoted: false, at: cache.at }], value, assigned: false, at: cache.at };
}

function named(items: readonly Item[], name: string): Item | undefined {
  return items.findLast((item) => item.keys[0]?.text.toLowerCase() === name);
}

function useOf(cache: Item | undefined): Item | undefined {
  return cache?.value.kind === 'object' ? named(cache.value.items, 'use_auto_auth_token') : undefined;
}
