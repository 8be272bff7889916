// A store that fails, hangs and comes back on command, and a journal over it.
import { randomBytes } from 'node:crypto';
import { StoreJournal, type JournalOptions } from '../../../../core/cache/journal/journal.js';
import type { KeyProvider } from '../../../../core/cache/keys/provider.js';
import { openKey, sealKey } from '../../../../core/cache/keys/sealed-key.js';
import { RECORDS, type JournalRecord } from '../../../../core/contracts/journal.js';
import { agentError, type BatchOptions, type CacheStore, type StoreWrite } from '../../../../core/sdk/index.js';
import { HealthSpy } from '../../../../core/sdk/testing/health-spy.js';
import { LogSpy } from '../../../../core/sdk/testing/log-spy.js';
import { settle, VirtualClock } from '../../../../core/sdk/testing/virtual-clock.js';

export const AWAY = agentError('CACHE_STORE_UNAVAILABLE', { why: 'connection refused' });
export const FULL = agentError('CACHE_STORE_FULL', { why: 'no space left on the device (ENOSPC)' });

/** Bytes in a map that outlive journals. */
export class FakeStore implements CacheStore {
  readonly data = new Map<string, Uint8Array>();
  readonly batches: (readonly StoreWrite[])[] = [];
  readonly options: (BatchOptions | undefined)[] = [];
  starts = 0;
  stops = 0;
  failStart: Error | undefined;
  fail: Error | undefined;
  /** Fails only in the middle of `entries`, after so many. */
  tear: { after: number; error: Error } | undefined;
  #gate: Promise<void> | undefined;
  #release = (): void => undefined;

  async start(): Promise<void> {
    this.starts += 1;
    if (this.failStart) throw this.failStart;
  }

  async stop(): Promise<void> {
    this.stops += 1;
  }

  /** Writes do not end until `resume`. */
  hang(): void {
    this.#gate = new Promise((resolve) => (this.#release = resolve));
  }

  resume(): void {
    this.#gate = undefined;
    this.#release();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    if (this.fail) throw this.fail;
    const value = this.data.get(key);
    return value && Uint8Array.from(value);
  }

  put(key: string, value: Uint8Array): Promise<void> {
    return this.batch([{ key, value }]);
  }

  delete(key: string): Promise<void> {
    return this.batch([{ key }]);
  }

  async *entries(prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
    if (this.fail) throw this.fail;
    let count = 0;
    for (const [key, value] of [...this.data]) {
      if (!key.startsWith(prefix)) continue;
      if (this.tear && count++ >= this.tear.after && prefix !== '') throw this.tear.error;
      yield [key, Uint8Array.from(value)];
    }
  }

  async batch(writes: readonly StoreWrite[], options?: BatchOptions): Promise<void> {
    if (this.fail) throw this.fail;
    await this.#gate;
    this.batches.push(writes);
    this.options.push(options);
    for (const { key, value } of writes) {
      if (value === undefined) this.data.delete(key);
      else this.data.set(key, Uint8Array.from(value));
    }
  }

  async clear(): Promise<void> {
    if (this.fail) throw this.fail;
    this.data.clear();
  }

  keys(prefix: string = RECORDS.entry): string[] {
    return [...this.data.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  /** Everything in it as one text, to look for what must not be there. */
  text(): string {
    return [...this.data].map(([key, value]) => `${key}\n${Buffer.from(value).toString('latin1')}`).join('\n');
  }
}

/** A provider with a key in memory. */
export class FakeProvider implements KeyProvider {
  readonly name: string;
  readonly needsToken: boolean;
  readonly key: Uint8Array;
  wraps = 0;
  /** What stands between the provider and its key: a login that has not come, an error. */
  ready: Promise<unknown> = Promise.resolve();
  broken: Error | undefined;

  constructor(key: Uint8Array = randomBytes(32), name = 'fake', needsToken = false) {
    this.key = key;
    this.name = name;
    this.needsToken = needsToken;
  }

  async check(): Promise<void> {
    if (this.broken && !this.needsToken) throw this.broken;
  }

  async wrap(dataKey: Uint8Array, binding: Uint8Array): Promise<Uint8Array> {
    this.wraps += 1;
    await this.#login();
    return sealKey(this.key, dataKey, binding);
  }

  async unwrap(wrapped: Uint8Array, binding: Uint8Array): Promise<Uint8Array> {
    await this.#login();
    return openKey(this.key, wrapped, binding);
  }

  async #login(): Promise<void> {
    await this.ready;
    if (this.broken) throw this.broken;
  }
}

/** A journal with its surroundings. */
export class Rig {
  readonly clock = new VirtualClock();
  readonly log = new LogSpy();
  readonly health = new HealthSpy();
  readonly restored: JournalRecord[] = [];
  /** How often records below `e/` were handed over. */
  handed = 0;
  readonly store: FakeStore;
  readonly journal: StoreJournal;

  constructor(store: FakeStore, provider: KeyProvider, own: Partial<JournalOptions> = {}) {
    this.store = store;
    this.journal = new StoreJournal({
      store,
      provider,
      identity: 'https://vault:8200 auth/approle role',
      sync: 'grouped',
      keepAfterImport: true,
      exitOnErr: false,
      clock: this.clock,
      log: this.log,
      health: this.health,
      random: () => 0,
      ...own,
    });
    this.journal.onRestored(RECORDS.entry, (records) => {
      this.handed += 1;
      this.restored.push(...records);
    });
  }

  /** Marks a record with a text. */
  put(id: string, text = `secret of ${id}`): void {
    this.journal.mark(`e/${id}`, () => Buffer.from(text));
  }

  drop(id: string): void {
    this.journal.mark(`e/${id}`, () => undefined);
  }

  /** Lets everything that is due happen within `ms`. */
  async pass(ms = 20): Promise<void> {
    await this.clock.advance(ms);
    await settle();
  }

  get texts(): Record<string, string> {
    return Object.fromEntries(this.restored.map(({ key, value }) => [key, Buffer.from(value).toString()]));
  }

  messages(level: string): string[] {
    return this.log.lines.filter((line) => line.level === level).map((line) => line.message);
  }
}

/** Code of what a promise rejects with, or `none`. */
export async function codeOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'none',
    (error: { code?: string }) => error.code ?? 'no code',
  );
}
