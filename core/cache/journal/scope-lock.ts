// One agent for each name on a store of several: a record of the owner with a heartbeat, changed by swap only (Redis has no lock that ends by itself with
// its process). It must not know what is written in the scope.
import { randomUUID } from 'node:crypto';
import { agentError, type CacheStore, type Clock } from '../../sdk/index.js';

/** What a lock works with. */
export interface ScopeLockOptions {
  /** With `swap`. */
  readonly store: CacheStore;
  /** `<instance>/`. */
  readonly scope: string;
  readonly clock: Clock;
  /** Another agent has taken the name: nothing may be written any more. Called once, with CACHE_STORE_LOCKED. */
  readonly onLost: (error: Error) => void;
}

/** How often the owner shows that it lives. */
export const BEAT_MS = 2_000;
/** A record that does not change for so long is of a dead owner. */
export const DEAD_MS = 5_000;
/** The store forgets a dead owner's record after this. */
const KEPT_MS = 60_000;

/** Clear of all scopes: the name of an instance begins with a letter or a digit. */
const keyOf = (scope: string): string => `@lock/${scope}`;

/** The lock of a scope. */
export class ScopeLock {
  readonly #options: ScopeLockOptions;
  readonly #epoch = randomUUID();
  #record: Uint8Array | undefined;
  #beats = 0;
  #cancel: () => void = () => undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(options: ScopeLockOptions) {
    this.#options = options;
  }

  /** Takes it, at once or when a former owner has shown no life for 5 s. Throws CACHE_STORE_LOCKED, the signal's reason, and what the store throws. */
  async take(signal: AbortSignal): Promise<void> {
    if (this.#record !== undefined) return;
    const before = await this.#read();
    if (before !== undefined) await this.#options.clock.sleep(DEAD_MS, signal);
    const now = before === undefined ? undefined : await this.#read();
    if (now !== undefined && !same(now, before)) throw this.#locked();
    if (!(await this.#swap(now))) throw this.#locked();
    this.#beatSoon();
  }

  /** Ends the heartbeat and removes the record, when it is ours. Never rejects. */
  async release(): Promise<void> {
    this.#cancel();
    await this.#beating;
    const record = this.#record;
    this.#record = undefined;
    const { store, scope } = this.#options;
    if (record !== undefined) await store.swap!(keyOf(scope), record, undefined).catch(() => undefined);
  }

  #beatSoon(): void {
    this.#cancel = this.#options.clock.after(BEAT_MS, () => {
      this.#beating = this.#beat()
        .catch(() => undefined)
        .then(() => void (this.#record !== undefined && this.#beatSoon()));
    });
  }

  // A store that lost its data lost the record, too: then it is written anew. A swap that failed may have been done all the same.
  async #beat(): Promise<void> {
    if (await this.#swap(this.#record)) return;
    const found = await this.#read();
    if (found === undefined || this.#isOurs(found)) return void (await this.#swap(found));
    this.#record = undefined;
    this.#options.onLost(this.#locked());
  }

  async #swap(expected: Uint8Array | undefined): Promise<boolean> {
    const { store, scope, clock } = this.#options;
    const next = Buffer.from(`${this.#epoch} ${String(++this.#beats)}`);
    const done = await store.swap!(keyOf(scope), expected, next, clock.now() + KEPT_MS);
    if (done) this.#record = next;
    return done;
  }

  #read(): Promise<Uint8Array | undefined> {
    return this.#options.store.get(keyOf(this.#options.scope));
  }

  #isOurs(record: Uint8Array): boolean {
    return Buffer.from(record).toString().startsWith(this.#epoch);
  }

  #locked(): Error {
    const name = this.#options.scope.replace(/\/$/, '');
    const what = `the part of the cache store that belongs to the instance "${name}"`;
    const hint = 'give each agent on one store an instance of its own (cache.persist.instance)';
    return agentError('CACHE_STORE_LOCKED', { what, owner: 'another agent' }, { hint });
  }
}

const same = (one: Uint8Array, other: Uint8Array | undefined): boolean =>
  other !== undefined && Buffer.from(one).equals(other);
