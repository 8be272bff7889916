// What to ask of sys/capabilities-self, and what its answer takes away. Pure. Paths go decoded: the server answers `deny` for encoded ones
// (corrections).
import { fieldsOf } from '../envelope.js';
import type { Slot } from './slot.js';

/** One question: the paths to ask for in a namespace, and the answers that hang on each. */
export interface CapabilityBatch {
  readonly namespace: string;
  readonly paths: ReadonlyMap<string, readonly Slot[]>;
}

/** Most paths in one question. */
export const MOST_PATHS = 256;

/** The questions about these slots for a token that lives in `home`, where it is asked when it can be: there it may ask. */
export function batchesOf(slots: Iterable<Slot>, home: string): CapabilityBatch[] {
  const byNamespace = new Map<string, Map<string, Slot[]>>();
  for (const slot of slots) {
    const { namespace, path } = placeOf(slot, home);
    const paths = byNamespace.get(namespace) ?? new Map<string, Slot[]>();
    byNamespace.set(namespace, paths);
    const same = paths.get(path);
    if (same === undefined) paths.set(path, [slot]);
    else same.push(slot);
  }
  return [...byNamespace].flatMap(([namespace, paths]) => cut(namespace, [...paths]));
}

function placeOf({ name }: Slot, home: string): { namespace: string; path: string } {
  const slash = name.operation === 'list' ? '/' : '';
  if (!name.absolute.startsWith(home)) return { namespace: name.namespace, path: name.path + slash };
  return { namespace: home, path: name.absolute.slice(home.length) + slash };
}

function cut(namespace: string, paths: readonly (readonly [string, readonly Slot[]])[]): CapabilityBatch[] {
  const batches: CapabilityBatch[] = [];
  for (let at = 0; at < paths.length; at += MOST_PATHS) {
    batches.push({ namespace, paths: new Map(paths.slice(at, at + MOST_PATHS)) });
  }
  return batches;
}

/** The slots of a question that its answer does not allow any more (S-11). What is not in the answer is not allowed. */
export function lostBy(batch: CapabilityBatch, body: unknown): Slot[] {
  const top = fieldsOf(body);
  const data = fieldsOf(top?.data) ?? {};
  return [...batch.paths].flatMap(([path, slots]) => {
    const listed = own(data, path) ?? own(top ?? {}, path);
    const list: readonly unknown[] = Array.isArray(listed) ? listed : [];
    return slots.filter(({ name }) => !list.includes('root') && !list.includes(name.operation));
  });
}

const own = (fields: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;
