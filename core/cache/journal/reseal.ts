// Seals all records anew with the present data key, a piece at a time between two batches of the writer. It must not know keys or meta records.
import { RECORDS } from '../../contracts/journal.js';
import type { CacheStore, StoreWrite } from '../../sdk/index.js';
import { keyIdOf, type Sealer } from '../keys/sealer.js';
import type { StoreView } from './store-view.js';

/** What it works on. */
export interface ResealParts {
  readonly store: CacheStore;
  readonly view: StoreView;
  readonly scope: string;
  /** Opens old and new frames, seals new ones. */
  readonly sealer: Sealer;
  /** Id of the present data key. */
  readonly keyId: number;
  /** Runs a task while the writer stands still. */
  readonly alone: <T>(task: () => Promise<T>) => Promise<T>;
}

const PIECE = 500;

/** Resolves with the number of records sealed anew; records that cannot be opened are deleted. Throws what the store throws. */
export async function resealAll(parts: ResealParts): Promise<number> {
  const old = await oldKeys(parts);
  for (let at = 0; at < old.length; at += PIECE) await parts.alone(() => resealPiece(parts, old.slice(at, at + PIECE)));
  return old.length;
}

async function oldKeys({ store, scope, keyId }: ResealParts): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of Object.values(RECORDS)) {
    for await (const [key, sealed] of store.entries(scope + prefix)) if (keyIdOf(sealed) !== keyId) keys.push(key);
  }
  return keys;
}

// Read again: the writer may have written or deleted the record since.
async function resealPiece(parts: ResealParts, keys: readonly string[]): Promise<void> {
  const writes: StoreWrite[] = [];
  for (const key of keys) {
    const sealed = await parts.store.get(key);
    if (sealed !== undefined && keyIdOf(sealed) !== parts.keyId) writes.push(resealed(parts.sealer, key, sealed));
  }
  if (writes.length > 0) await parts.view.write(writes);
}

function resealed(sealer: Sealer, key: string, sealed: Uint8Array): StoreWrite {
  try {
    return { key, value: sealer.seal(key, sealer.open(key, sealed)) };
  } catch {
    return { key };
  }
}
