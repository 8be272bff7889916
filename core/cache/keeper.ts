// Who follows the entries of the lease cache: the journal, and the sharing with other agents. Calls come in the same turn as the change; they
// neither wait nor throw.
import type { Entry } from './entry.js';

/** One that follows. */
export interface Keeper {
  /** Stored, or taken over from another agent. Entries that other agents own are not told before that, nor their changes. */
  added(entry: Entry): void;
  /** Renewed, answers one more key, or lost its parent. */
  changed(entry: Entry): void;
  /** `why` is the reason of the eviction metric: `revoked`, `expired`, `cleared`, `retired`, `token-dead`, `lost` ... */
  removed(entries: readonly Entry[], why: string): void;
}
