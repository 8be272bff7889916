// Cache store lmdb: sealed records in an LMDB database. A store with a native dependency, which therefore is a package of its own.
import { mkdir } from 'node:fs/promises';
import { Settings, Time, agentError, definePlugin } from 'claviger/sdk';
import { open } from 'lmdb';

const MOST_KEY_BYTES = 1900;
const EXPIRY_BYTES = 8;

class LmdbStore {
  #folder;
  #clock;
  #db;

  // a constructor only keeps what it is given
  constructor(settings, clock) {
    this.#folder = settings.path;
    this.#clock = clock;
  }

  async start(signal) {
    signal.throwIfAborted();
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    try {
      this.#db = open({ path: this.#folder, keyEncoding: 'binary', encoding: 'binary', noSubdir: false });
    } catch (error) {
      throw agentError('CACHE_STORE_CORRUPT', { why: error.message }, { at: this.#folder, cause: error });
    }
  }

  async stop() {
    const db = this.#db;
    this.#db = undefined;
    await db?.close();
  }

  async get(key) {
    const db = this.#opened();
    const record = db.get(keyOf(key));
    return record === undefined ? undefined : this.#live(db, keyOf(key), record);
  }

  async put(key, value, expiresAt) {
    await this.batch([{ key, value, expiresAt }]);
  }

  async delete(key) {
    await this.batch([{ key }]);
  }

  async *entries(prefix) {
    const db = this.#opened();
    const start = Buffer.from(prefix);
    // all keys first: a cursor would lose its place when records go while it runs
    for (const key of keysFrom(db, start)) {
      const record = this.#db?.get(key);
      const value = record === undefined ? undefined : this.#live(db, key, record);
      if (value !== undefined) yield [key.toString(), value];
    }
  }

  // one transaction: all of it or nothing, also after a crash
  async batch(writes, { durable = false } = {}) {
    const db = this.#opened();
    const made = writes.map(({ key, value, expiresAt }) => [keyOf(key), value && recordOf(value, expiresAt)]);
    await told(
      db.transaction(() => {
        for (const [key, record] of made) {
          if (record === undefined) db.removeSync(key);
          else db.putSync(key, record);
        }
      }),
    );
    if (durable) await db.flushed;
  }

  async clear() {
    await told(this.#opened().clearAsync());
  }

  #opened() {
    if (this.#db === undefined) throw agentError('CACHE_STORE_UNAVAILABLE', { why: 'it is not open' });
    return this.#db;
  }

  // LMDB lends its own memory: what leaves the store is a copy
  #live(db, key, record) {
    const expiresAt = record.readDoubleLE(0);
    if (expiresAt === 0 || expiresAt > this.#clock.now()) return Uint8Array.from(record.subarray(EXPIRY_BYTES));
    db.remove(key).catch(() => undefined);
    return undefined;
  }
}

function keysFrom(db, prefix) {
  const keys = [];
  for (const key of db.getKeys({ start: prefix.length > 0 ? prefix : undefined })) {
    if (!key.subarray(0, prefix.length).equals(prefix)) break;
    keys.push(Buffer.from(key));
  }
  return keys;
}

function keyOf(key) {
  const bytes = Buffer.from(key);
  if (bytes.length <= MOST_KEY_BYTES) return bytes;
  throw agentError('CACHE_STORE_UNAVAILABLE', { why: `a key is longer than ${MOST_KEY_BYTES} bytes` });
}

function recordOf(value, expiresAt = 0) {
  const record = Buffer.allocUnsafe(EXPIRY_BYTES + value.length);
  record.writeDoubleLE(Number.isFinite(expiresAt) ? expiresAt : 0, 0);
  record.set(value, EXPIRY_BYTES);
  return record;
}

async function told(writing) {
  try {
    return await writing;
  } catch (error) {
    throw agentError('CACHE_STORE_FULL', { why: error.message }, { cause: error });
  }
}

export default definePlugin(LmdbStore, [Settings, Time]);
