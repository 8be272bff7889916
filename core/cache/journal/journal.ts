// The journal of one agent over a cache store: opens it (now, when it is back, or after the login that unlocks it), restores once, writes what changes.
// It must not know what records mean, nor how keys are kept.
import type { Journal, JournalRecord } from '../../contracts/journal.js';
import { nextBackoff } from '../../kernel/backoff.js';
import {
  agentError,
  describeError,
  type AgentError,
  type CacheStore,
  type Clock,
  type Health,
  type Logger,
} from '../../sdk/index.js';
import type { KeyProvider } from '../keys/provider.js';
import { createSealer, type Sealer, type StoreKeys } from '../keys/sealer.js';
import { openKeys, type KeyParts } from './data-keys.js';
import type { BatchBounds, Encode } from './dirty.js';
import type { Meta } from './meta.js';
import { readRecords, type Early, type Restored } from './restore.js';
import { confirmMeta, rotateKeys } from './rotation.js';
import { ScopeLock } from './scope-lock.js';
import { StoreView } from './store-view.js';
import { storeError, Trouble } from './trouble.js';
import { Writer } from './writer.js';

/** What a journal is made of. The journal starts and stops the store. */
export interface JournalOptions {
  readonly store: CacheStore;
  readonly provider: KeyProvider;
  readonly previous?: KeyProvider | undefined;
  /** Server and logins as one text: addresses or cluster, auth mounts, roles. Another one drops the store. */
  readonly identity: string;
  readonly sync: 'always' | 'grouped';
  readonly keepAfterImport: boolean;
  readonly exitOnErr: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly random?: (() => number) | undefined;
  /** Stands before each record key: `<instance>/` on a store that several agents use; default empty. */
  readonly scope?: string | undefined;
  /** Default `<scope>meta`; `meta` for agents that share leases, and with them the data key. */
  readonly metaKey?: string | undefined;
  /** True when other agents use the same meta record. */
  readonly shared?: boolean | undefined;
  /** Bounds; defaults are right but for tests. */
  readonly limits?: Partial<JournalLimits> | undefined;
}

/** Bounds of a journal. */
export interface JournalLimits {
  /** Records that wait while the store is away; default 100,000. */
  readonly dirty: number;
  /** A write that takes longer counts as failed; default 5 s. */
  readonly writeMs: number;
  /** How long `start` waits for the store and its records; default 8 s, less than a component may take to start. Then it goes on in the background. */
  readonly startMs: number;
  readonly batch: BatchBounds;
}

/**
 * `opening`: the store is being read. `locked`: its key needs a login first. `away`: it does not answer and is tried again. `detached`: the
 * agent goes on without it for good. In all but `open`, marks are only kept in memory.
 */
export type JournalState = 'closed' | 'opening' | 'locked' | 'open' | 'away' | 'detached';

/** What somebody needs who writes sealed records of his own (sharing between agents, R-7). */
export interface OpenedStore {
  readonly store: CacheStore;
  readonly sealer: Sealer;
}

type Take = (records: readonly JournalRecord[]) => void;

const GATHER_MS = 10;
const LIMITS = { dirty: 100_000, writeMs: 5_000, startMs: 8_000 };
const BACKOFF = { minMs: 1_000, maxMs: 60_000 };
// Trying again does not help against these.
const FINAL = new Set(['CACHE_UNSEAL_FAILED', 'CACHE_STORE_CORRUPT', 'CONFIG_CONFLICT']);

/** The journal. */
export class StoreJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #view: StoreView;
  readonly #writer: Writer;
  readonly #trouble: Trouble;
  readonly #keyParts: KeyParts;
  readonly #lock: ScopeLock | undefined;
  readonly #stop = new AbortController();
  readonly #takers = new Map<string, { readonly take: Take; readonly early: Early | undefined }>();
  readonly #openListeners: ((opened: OpenedStore) => void)[] = [];
  #state: JournalState = 'closed';
  #storeStarted = false;
  /** It may try to reach its place after a start that failed, so it is stopped all the same. */
  #storeTouched = false;
  #opened: { meta: Meta; keys: StoreKeys; sealer: Sealer } | undefined;
  #opening: Promise<void> | undefined;
  #rotating: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: JournalOptions) {
    const { store, clock, scope = '', sync, shared = false } = options;
    const metaKey = options.metaKey ?? `${scope}meta`;
    const limits = { ...LIMITS, ...options.limits };
    this.#options = options;
    this.#trouble = new Trouble(options.log, options.health);
    this.#view = new StoreView({ store, scope, metaKey, clock, durable: sync === 'always', timeoutMs: limits.writeMs });
    this.#keyParts = { ...options, previous: options.previous, shared, metaKey, drop: () => this.#view.remove('') };
    if (scope !== '' && store.swap !== undefined)
      this.#lock = new ScopeLock({ store, scope, clock, onLost: (error) => this.#lost(error) });
    this.#writer = new Writer({
      view: this.#view,
      scope,
      clock,
      trouble: this.#trouble,
      random: options.random ?? Math.random,
      gatherMs: sync === 'always' ? 0 : GATHER_MS,
      mostDirty: limits.dirty,
      batch: limits.batch,
      onReturn: () => this.#confirm(),
      onEncodeFailed: (error) => options.log.warn({ error: describeError(error) }, 'a record cannot be written'),
    });
  }

  get state(): JournalState {
    return this.#state === 'open' && this.#writer.state === 'away' ? 'away' : this.#state;
  }

  /** Records that wait to be written. */
  get pending(): number {
    return this.#writer.pending;
  }

  mark(key: string, encode: Encode, expiresAt?: number): void {
    this.#writer.mark(key, encode, expiresAt);
  }

  settled(): Promise<void> | undefined {
    return this.#options.sync === 'always' ? this.#writer.settled() : undefined;
  }

  onRestored(prefix: string, take: Take, early?: Early): void {
    this.#takers.set(prefix, { take, early });
  }

  clear(prefix: string): void {
    this.#writer.clear(prefix);
  }

  /** For sealed records that others write themselves; undefined before the store has been opened. */
  get sealer(): Sealer | undefined {
    return this.#opened?.sealer;
  }

  /** Called when the store has been opened, and each time its data key changes. */
  onOpen(listener: (opened: OpenedStore) => void): void {
    this.#openListeners.push(listener);
    if (this.#opened) listener({ store: this.#options.store, sealer: this.#opened.sealer });
  }

  /**
   * Opens and restores. With a key that needs a login, and after eight seconds, that goes on in the background. Rejects with what the key provider's
   * `check` finds, and with `exit_on_err` also with what keeps the store from being opened or a record from being restored (spec B-12).
   */
  async start(signal?: AbortSignal): Promise<void> {
    const { provider, previous, log } = this.#options;
    await provider.check();
    const needsToken = provider.needsToken || previous?.needsToken === true;
    this.#state = needsToken ? 'locked' : 'opening';
    if (needsToken) log.info({ provider: provider.name }, 'the cache store is locked until the first login');
    const first = this.#attempt();
    this.#opening = this.#openUntilDone(first);
    if (needsToken) return;
    const error = await this.#bounded(first, signal);
    if (error !== undefined && this.#options.exitOnErr) throw error;
  }

  /** Writes what is left, bounded by the signal, and stops the store. */
  stop(signal?: AbortSignal): Promise<void> {
    this.#stopped ??= this.#close(signal);
    return this.#stopped;
  }

  /** Looks whether the store is still the one that was opened; one that came back empty gets its key anew. Rejects as the store does. */
  confirm(): Promise<void> {
    return this.#writer.alone(() => this.#confirm());
  }

  /** A new data key: new records are sealed with it at once, all others one after the other; then the old key is forgotten. */
  async rotate(): Promise<void> {
    const opened = this.#opened;
    if (this.state !== 'open' || opened === undefined)
      throw agentError('CACHE_STORE_UNAVAILABLE', { why: 'it is not open' });
    if (this.#keyParts.shared)
      throw agentError('CONFIG_CONFLICT', { detail: 'agents that share a store cannot change its key' });
    this.#rotating ??= rotateKeys({
      parts: this.#keyParts,
      view: this.#view,
      scope: this.#options.scope ?? '',
      opened,
      alone: (task) => this.#writer.alone(task),
      use: (meta, keys) => this.#use(meta, keys),
    }).finally(() => (this.#rotating = undefined));
    return this.#rotating;
  }

  // The error of the first attempt, or undefined.
  async #bounded(
    first: Promise<AgentError | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<AgentError | undefined> {
    const { clock, limits } = this.#options;
    const ms = limits?.startMs ?? LIMITS.startMs;
    let cancel = (): void => undefined;
    const late = new Promise<AgentError>((resolve) => {
      const slow = (): void =>
        resolve(agentError('CACHE_STORE_UNAVAILABLE', { why: `it is not open after ${ms / 1000} s` }));
      cancel = clock.after(ms, slow);
      signal?.addEventListener('abort', slow, { once: true });
    });
    return Promise.race([first, late]).finally(() => cancel());
  }

  async #openUntilDone(first: Promise<AgentError | undefined>): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    let backoffMs = 0;
    for (let error = await first; ; error = await this.#attempt()) {
      if (error === undefined || this.#stop.signal.aborted || this.#opened) return;
      this.#trouble.bad(error);
      if (FINAL.has(error.code)) return this.#detach();
      backoffMs = nextBackoff(backoffMs, BACKOFF, random);
      if (this.#state !== 'locked') this.#state = 'away';
      await clock.sleep(backoffMs, this.#stop.signal).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
    }
  }

  /** Opens and restores once. Never throws. An error with an opened store is about single records. */
  async #attempt(): Promise<AgentError | undefined> {
    try {
      await this.#startStore();
      await this.#lock?.take(this.#stop.signal);
      const { meta, keys, found } = await this.#openMeta();
      const sealer = createSealer(keys);
      await this.#writer.clearNow();
      const restored = found ? await readRecords(this.#source(sealer), this.#wanted()) : undefined;
      if (this.#stop.signal.aborted) return undefined;
      this.#use(meta, keys, sealer);
      this.#state = 'open';
      this.#trouble.well();
      const error = restored && this.#handOver(restored);
      if (found && !this.#options.keepAfterImport) await this.#leave();
      return error;
    } catch (error) {
      return storeError(error);
    }
  }

  async #openMeta(): Promise<{ meta: Meta; keys: StoreKeys; found: boolean }> {
    const opened = await openKeys(this.#keyParts);
    if (opened.stale && !this.#keyParts.shared && this.#options.keepAfterImport)
      queueMicrotask(() => this.#rotateSoon());
    return opened;
  }

  async #startStore(): Promise<void> {
    if (this.#storeStarted) return;
    this.#storeTouched = true;
    await this.#options.store.start?.(this.#stop.signal);
    this.#storeStarted = true;
  }

  #wanted(): [string, Early | undefined][] {
    return Array.from(this.#takers, ([prefix, { early }]) => [prefix, early]);
  }

  #source(sealer: Sealer): { store: CacheStore; scope: string; sealer: Sealer } {
    return { store: this.#options.store, scope: this.#options.scope ?? '', sealer };
  }

  #use(meta: Meta, keys: StoreKeys, sealer = createSealer(keys)): void {
    this.#opened = { meta, keys, sealer };
    this.#writer.open(sealer);
    for (const listener of this.#openListeners) listener({ store: this.#options.store, sealer });
  }

  // What was marked meanwhile is newer than what was read.
  #handOver({ records, bad, damage }: Restored): AgentError | undefined {
    const { log } = this.#options;
    let count = 0;
    for (const [prefix, { take }] of this.#takers) {
      const fresh = (records.get(prefix) ?? []).filter(({ key }) => !this.#writer.isNewer(key));
      count += fresh.length;
      try {
        take(fresh);
      } catch (error) {
        log.error({ error: describeError(error) }, 'restored records were not taken');
      }
    }
    log.info({ records: count }, 'the cache store has been read');
    for (const key of bad) this.#writer.mark(key, () => undefined, undefined);
    if (bad.length === 0 && damage === undefined) return undefined;
    const why = damage?.message ?? 'they are damaged or sealed with another key';
    const error = agentError('CACHE_RESTORE_FAILED', { records: bad.length, why });
    log.error(
      { error: describeError(error) },
      'some records were not restored, they are fetched anew when they are asked for',
    );
    return error;
  }

  async #leave(): Promise<void> {
    const { log } = this.#options;
    log.warn(
      {},
      'the cache store was read and is removed; nothing is persisted from here on (keep_after_import = false)',
    );
    this.#detach();
    try {
      await this.#writer.alone(() => this.#view.erase());
    } catch (error) {
      log.error({ error: describeError(error) }, 'the cache store could not be removed');
    }
    await this.#options.store.stop?.(this.#stop.signal);
    this.#storeStarted = this.#storeTouched = false;
  }

  #lost(error: Error): void {
    this.#trouble.bad(storeError(error));
    this.#detach();
  }

  #detach(): void {
    this.#state = 'detached';
    this.#writer.discard();
  }

  // After an outage the store may be another one: emptied, or made anew by somebody else.
  async #confirm(): Promise<void> {
    const opened = this.#opened;
    if (opened === undefined) return;
    const found = await confirmMeta(this.#keyParts, opened.meta);
    if (found === undefined) return;
    this.#options.log.warn({}, 'the cache store came back without our records');
    this.#use(found.meta, found.keys);
  }

  #rotateSoon(): void {
    const again = async (): Promise<void> => {
      await this.#opening;
      if (this.state === 'open') await this.rotate();
    };
    again().catch((error: unknown) => {
      if (!this.#stop.signal.aborted)
        this.#options.log.warn({ error: describeError(error) }, 'the cache store is not yet sealed with its new key');
    });
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    this.#stop.abort();
    await this.#writer.close(signal);
    this.#state = 'closed';
    await this.#lock?.release();
    if (this.#storeTouched) await this.#options.store.stop?.(signal ?? AbortSignal.timeout(LIMITS.writeMs));
  }
}
