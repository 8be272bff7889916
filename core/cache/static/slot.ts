// One answer that is held, and who may have it. Plain state; it must not know how answers are fetched.
import type { EntryView } from '../../contracts/lease-cache.js';
import { instanceId } from '../../kernel/ids.js';
import type { StoredAnswer } from '../age.js';
import type { Facts } from './facts.js';
import type { Lifespan } from './lifespan.js';
import type { StaticName } from './name.js';
import type { Reader } from './readers.js';

/** What was fetched. */
export interface Content {
  readonly answer: StoredAnswer;
  readonly facts: Facts;
  readonly life: Lifespan;
  readonly ttlMs: number;
  /** Read from the journal and not confirmed since: never a hit (D-65). */
  readonly restored: boolean;
}

/** One answer. */
export class Slot {
  readonly id = instanceId();
  readonly name: StaticName;
  content: Content;
  /** By digest: those tokens whose own read brought this answer. */
  readonly readers = new Map<string, Reader>();
  /** Digests of readers that the journal remembers and that have not come back yet. */
  dormant = new Set<string>();
  /** True when its engine is known to be KV. */
  kv = false;
  /** False once it was removed. */
  held = true;
  touchedAt = 0;
  hits = 0;
  refreshes = 0;
  refreshing = false;
  /** No background fetch before this. */
  retryAt = 0;
  /** The metadata may not be read: fetched as a whole instead. */
  metadataDenied = false;

  constructor(name: StaticName, content: Content) {
    this.name = name;
    this.content = content;
  }

  /** Bytes that it takes, about. */
  get bytes(): number {
    return this.content.answer.body.length + 2 * this.name.key.length + OVERHEAD;
  }
}

const OVERHEAD = 600;

/** What inspection shows. */
export function viewOf(slot: Slot, now: number): EntryView {
  const { answer, life, restored } = slot.content;
  const { path, query } = slot.name.target;
  return {
    id: slot.id,
    kind: 'static',
    path: query === '' ? path : `${path}?${query}`,
    namespace: slot.name.namespace,
    storedAt: answer.storedAt,
    expiresAt: life.freshUntil,
    renewals: slot.refreshes,
    state: restored || now >= life.freshUntil ? 'stale' : 'fresh',
    why: restored ? 'restored' : 'stored-static',
    nextAt: 0,
    parent: '',
    children: 0,
    keys: slot.readers.size,
    bytes: slot.bytes,
  };
}
