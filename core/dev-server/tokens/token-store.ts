// Keeps the living tokens and their family tree; tokens die by the clock, by revocation, by use, and with their parents.
// It knows nothing of requests; leases are told through `onDeath`.
import type { Clock } from '../../sdk/index.js';
import type { TokenEntry } from './token-entry.js';

/** Told of each death, after the token stopped being valid. */
export type OnDeath = (entry: TokenEntry) => Promise<void>;

/** The tokens of one server. */
export class TokenStore {
  readonly #clock: Clock;
  readonly #onDeath: OnDeath;
  readonly #byId = new Map<string, TokenEntry>();
  readonly #byAccessor = new Map<string, TokenEntry>();
  readonly #timers = new Map<string, () => void>();

  constructor(clock: Clock, onDeath: OnDeath) {
    this.#clock = clock;
    this.#onDeath = onDeath;
  }

  /** Takes in a new token and starts its clock. */
  add(entry: TokenEntry): void {
    this.#byId.set(entry.id, entry);
    if (entry.accessor !== '') this.#byAccessor.set(entry.accessor, entry);
    this.#arm(entry);
  }

  /** The living token with this id. */
  find(id: string): TokenEntry | undefined {
    return this.#alive(this.#byId.get(id));
  }

  findByAccessor(accessor: string): TokenEntry | undefined {
    return this.#alive(this.#byAccessor.get(accessor));
  }

  /** All living tokens. */
  all(): TokenEntry[] {
    return [...this.#byId.values()].filter((entry) => this.#alive(entry) !== undefined);
  }

  /** Gives a token a new end. */
  extend(entry: TokenEntry, ttlMs: number): void {
    entry.ttlMs = ttlMs;
    entry.renewedAtMs = this.#clock.now();
    entry.expiresAtMs = this.#clock.now() + ttlMs;
    this.#arm(entry);
  }

  /** Takes one use. True when it was the last one: revoke after the request. */
  use(entry: TokenEntry): boolean {
    if (entry.numUses === 0) return false;
    entry.numUses = entry.numUses > 1 ? entry.numUses - 1 : -1;
    return entry.numUses === -1;
  }

  /** Kills a token with its leases and, unless told otherwise, all its children. Dead at once; the promise is about the leases. */
  async revoke(entry: TokenEntry, options: { readonly spareChildren?: boolean } = {}): Promise<void> {
    if (!this.#byId.has(entry.id)) return;
    this.#forget(entry);
    const children = [...this.#byId.values()].filter((other) => other.parent === entry.id);
    if (options.spareChildren) for (const child of children) child.parent = undefined;
    const deaths = options.spareChildren ? [] : children.map((child) => this.revoke(child));
    await Promise.all([this.#onDeath(entry), ...deaths]);
  }

  /** Stops all timers. */
  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #alive(entry: TokenEntry | undefined): TokenEntry | undefined {
    const dead = entry === undefined || (entry.expiresAtMs !== undefined && entry.expiresAtMs <= this.#clock.now());
    return dead || entry.numUses === -1 ? undefined : entry;
  }

  #arm(entry: TokenEntry): void {
    this.#timers.get(entry.id)?.();
    this.#timers.delete(entry.id);
    if (entry.expiresAtMs === undefined) return;
    const cancel = this.#clock.after(entry.expiresAtMs - this.#clock.now(), () => void this.revoke(entry));
    this.#timers.set(entry.id, cancel);
  }

  #forget(entry: TokenEntry): void {
    this.#timers.get(entry.id)?.();
    this.#timers.delete(entry.id);
    this.#byId.delete(entry.id);
    this.#byAccessor.delete(entry.accessor);
  }
}
