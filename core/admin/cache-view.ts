// How entries are shown: times as seconds from now, nothing secret (EntryView holds none). Pure.
import type { EntryView } from '../contracts/lease-cache.js';

/** One entry as JSON. Times are whole seconds; null stands for never. */
export interface EntryJson {
  readonly id: string;
  readonly kind: EntryView['kind'];
  readonly path: string;
  readonly namespace: string;
  readonly age_seconds: number;
  readonly remaining_seconds: number | null;
  readonly renewals: number;
  readonly state: EntryView['state'];
  readonly why: string;
  readonly next_in_seconds: number | null;
  readonly parent: string;
  readonly children: number;
  readonly keys: number;
  readonly bytes: number;
}

/** The JSON of an entry; `now` is wall clock ms. What is overdue is 0, an age is never negative (clocks jump). */
export function entryJson(view: EntryView, now: number): EntryJson {
  const { id, kind, path, namespace, renewals, state, why, parent, children, keys, bytes } = view;
  const until = (at: number): number | null => (at === 0 ? null : seconds(at - now));
  return {
    id,
    kind,
    path,
    namespace,
    age_seconds: seconds(now - view.storedAt),
    remaining_seconds: until(view.expiresAt),
    renewals,
    state,
    why,
    next_in_seconds: until(view.nextAt),
    parent,
    children,
    keys,
    bytes,
  };
}

const seconds = (ms: number): number => (Number.isFinite(ms) ? Math.max(0, Math.floor(ms / 1000)) : 0);

/** A path without `/v1/` or slashes in front, so that both spellings are found. */
export const barePath = (path: string): string => path.replace(/^\/?v1\//, '').replace(/^\/+/, '');
