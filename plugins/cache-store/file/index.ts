// Cache store file: sealed records in a folder of this machine. Knows the life of the store: the folder, its lock, start and stop.
import {
  Log,
  Settings,
  Time,
  agentError,
  plugin,
  type BatchOptions,
  type CacheStore,
  type Clock,
  type Logger,
  type StoreWrite,
} from 'claviger/sdk';
import { realDisk } from './disk.js';
import { writeFault } from './faults.js';
import { MOST_KEY_BYTES } from './frame.js';
import { Journal } from './journal.js';
import { Lock } from './lock.js';
import { realProcesses } from './processes.js';

interface FileSettings {
  readonly path: string;
}

@plugin()
export default class FileStore implements CacheStore {
  readonly #folder: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  #lock: Lock | undefined;
  #journal: Journal | undefined;
  #opening: Promise<void> | undefined;

  constructor(@Settings settings: FileSettings, @Log log: Logger, @Time clock: Clock) {
    this.#folder = settings.path;
    this.#log = log;
    this.#clock = clock;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#opening = this.#open();
    try {
      await this.#opening;
    } catch (error) {
      await this.stop();
      throw writeFault(error, this.#folder);
    }
    if (!signal.aborted) return;
    await this.stop();
    signal.throwIfAborted();
  }

  async stop(): Promise<void> {
    // what is still being opened is closed too
    await this.#opening?.catch(() => undefined);
    const [journal, lock] = [this.#journal, this.#lock];
    this.#journal = undefined;
    this.#lock = undefined;
    await journal?.close();
    await lock?.release();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#opened().get(key);
  }

  async put(key: string, value: Uint8Array, expiresAt?: number): Promise<void> {
    await this.batch([expiresAt === undefined ? { key, value } : { key, value, expiresAt }]);
  }

  async delete(key: string): Promise<void> {
    await this.batch([{ key }]);
  }

  entries(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    return this.#opened().entries(prefix);
  }

  async batch(writes: readonly StoreWrite[], options: BatchOptions = {}): Promise<void> {
    const journal = this.#opened();
    await journal.write(writes.map(copyOf), options.durable === true);
  }

  async clear(): Promise<void> {
    await this.#opened().clear();
  }

  async #open(): Promise<void> {
    const [folder, clock, log] = [this.#folder, this.#clock, this.#log];
    const made = await realDisk.makeFolder(folder);
    const mode = await realDisk.modeOf(folder);
    if (!made && (mode & 0o077) !== 0)
      log.warn({ path: folder, mode: mode.toString(8) }, 'others may look into the folder of the store');
    const lock = await Lock.take({ disk: realDisk, folder, clock, processes: realProcesses() });
    this.#lock = lock;
    this.#journal = await Journal.open({ disk: realDisk, folder, clock, log, mayWrite: () => lock.check() });
  }

  #opened(): Journal {
    if (this.#journal === undefined)
      throw agentError('CACHE_STORE_UNAVAILABLE', { why: 'it is not open' }, { at: this.#folder });
    return this.#journal;
  }
}

/** The caller may change its bytes while they wait to be written. */
function copyOf({ key, value, expiresAt }: StoreWrite): StoreWrite {
  if (Buffer.byteLength(key) > MOST_KEY_BYTES)
    throw agentError('CACHE_STORE_UNAVAILABLE', { why: 'a key is too long' });
  const copy = value === undefined ? {} : { value: Uint8Array.prototype.slice.call(value) };
  return expiresAt === undefined ? { key, ...copy } : { key, ...copy, expiresAt };
}
