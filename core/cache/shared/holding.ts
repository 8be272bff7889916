// One shared answer as this agent knows it.
import type { Entry } from '../entry.js';
import type { RecordParent } from '../record.js';

/** Fields change as news come in. */
export interface Holding {
  readonly id: string;
  readonly shareKey: string;
  readonly entry: Entry;
  /** When it became known here (wall clock ms). */
  readonly since: number;
  mine: boolean;
  fence: number;
  /** What lies in the store as far as we know: a swap must expect exactly this. */
  bytes: Uint8Array | undefined;
  claimUntil: number;
  /** Its token is an identity's: of ours, or of the agent that issued it. */
  readonly parent: RecordParent;
  /** End of the answer or its token when the claim was written. */
  end: number;
  cancel: () => void;
  /** Writes go one after another. */
  busy: Promise<void>;
}

/** Holdings by entry id and by share key. */
export class HoldingList {
  readonly #byId = new Map<string, Holding>();
  readonly #byKey = new Map<string, Holding>();

  get all(): IterableIterator<Holding> {
    return this.#byId.values();
  }

  byId(id: string): Holding | undefined {
    return this.#byId.get(id);
  }

  byKey(shareKey: string): Holding | undefined {
    return this.#byKey.get(shareKey);
  }

  add(holding: Holding): void {
    const before = this.#byKey.get(holding.shareKey);
    if (before !== undefined && before !== holding) this.remove(before);
    this.#byId.set(holding.id, holding);
    this.#byKey.set(holding.shareKey, holding);
  }

  remove(holding: Holding): void {
    holding.cancel();
    if (this.#byId.get(holding.id) === holding) this.#byId.delete(holding.id);
    if (this.#byKey.get(holding.shareKey) === holding) this.#byKey.delete(holding.shareKey);
  }
}
