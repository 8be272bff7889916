// The journal's side of static answers: every change is written through (D-65), and what is read back is never a hit. Only answers that may still rescue
// after an error are worth it: without `stale_if_error` nothing is written, and what an earlier configuration wrote is deleted.
import { RECORDS, type Journal, type JournalRecord } from '../../contracts/journal.js';
import { decodeSlot, encodeSlot, type SlotRecord } from './codec.js';
import { digestOfText } from './digest.js';
import type { Slot } from './slot.js';

/** Digests kept with one answer. */
const MOST_READERS = 100;

/** Writes slots to the journal and takes them back. */
export class Archive {
  readonly #journal: Journal | undefined;
  readonly #writes: boolean;

  constructor(journal: Journal | undefined, staleIfErrorMs: number) {
    this.#journal = journal;
    this.#writes = staleIfErrorMs > 0;
  }

  /** A slot, or who may have it, changed; or it is gone. */
  changed(slot: Slot): void {
    if (!this.#writes || this.#journal === undefined) return;
    const encode = (): Uint8Array | undefined => (slot.held ? encodeSlot(recordOf(slot)) : undefined);
    this.#journal.mark(recordKey(slot.name.key), encode, slot.content.life.rescueUntil);
  }

  /** Everything is to go. */
  clear(): void {
    this.#journal?.clear(RECORDS.static);
  }

  /** `take` gets each record that can be read; false when it is of no use, and then it is deleted. */
  restore(take: (record: SlotRecord) => boolean): void {
    this.#journal?.onRestored(RECORDS.static, (records) => {
      for (const found of records) this.#restoreOne(found, take);
    });
  }

  #restoreOne({ key, value }: JournalRecord, take: (record: SlotRecord) => boolean): void {
    const record = this.#writes ? decodeSlot(value) : undefined;
    if (record === undefined || !take(record)) this.#journal!.mark(key, () => undefined);
  }
}

/** The key of a record: one for each answer, so that a newer one replaces it. */
export function recordKey(key: string): string {
  return RECORDS.static + digestOfText(key);
}

function recordOf(slot: Slot): SlotRecord {
  const { answer, facts, ttlMs } = slot.content;
  const proven = [...slot.readers.values()].map(({ digest }) => digest);
  return {
    namespace: slot.name.namespace,
    path: slot.name.target.path,
    query: slot.name.target.query,
    storedAt: answer.storedAt,
    status: answer.status,
    head: answer.head,
    ttlMs,
    kv: slot.kv,
    version: facts.version,
    created: facts.created,
    deletionAt: facts.deletionAt,
    readers: [...new Set([...proven, ...slot.dormant])].slice(0, MOST_READERS),
    body: answer.body,
  };
}
