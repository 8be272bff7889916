// JSON merge patch (RFC 7396). Pure.
import type { Fields } from '../backend.js';

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The target with the patch applied: null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const out: Fields = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = mergePatch(out[key], value);
  }
  return out;
}

/** The same keys with every leaf null, down to `depth` levels (0: all). What `subkeys` of KV 2 answers. */
export function subkeysOf(value: Fields, depth: number, level = 1): Fields {
  const entries = Object.entries(value).map(([key, item]) => {
    const deeper = isObject(item) && Object.keys(item).length > 0 && (depth === 0 || level < depth);
    return [key, deeper ? subkeysOf(item, depth, level + 1) : null] as const;
  });
  return Object.fromEntries(entries);
}
