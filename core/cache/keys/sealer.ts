// Records sealed with the store's data key: AES-256-GCM, a subkey per writer. It knows bytes and record keys, nothing of what they mean.
//
// Frame: version 1 | key id 4 | generation 4 | writer 16 | nonce 12 | ciphertext | tag 16. Everything but the nonce and the ciphertext is in the
// associated data, and with it the store's id and the record's key: a frame opens at its own place only.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { unsealFailed } from './sealed-key.js';

/** Seals and opens records. */
export interface Sealer {
  /** The frame for a record. Two calls never give the same bytes. */
  seal(record: string, plain: Uint8Array): Uint8Array;
  /** The plain bytes, in memory of their own. Throws CACHE_UNSEAL_FAILED, never with data in it. */
  open(record: string, sealed: Uint8Array): Uint8Array;
}

/** The keys of one store. */
export interface StoreKeys {
  /** Id of the store, random, the same for all that use it. */
  readonly store: string;
  /** Which life of the store this is; grows when it is dropped. */
  readonly generation: number;
  /** Data keys of 32 bytes by id. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  /** The one that new frames are sealed with. */
  readonly current: number;
}

const VERSION = 1;
const WRITER_AT = 9;
const NONCE_AT = 25;
const SEALED_AT = 37;
const TAG = 16;
const SUBKEY_LABEL = 'claviger cache writer v1';
// Writers are told by the frames, which a stranger may have written: their number is bounded.
const MOST_WRITERS = 256;
const MOST_RECORD_BYTES = 384;
const TAG_OPTIONS = { authTagLength: TAG };

/** One that sealed frames: the head that all of them have, its subkey, and room for associated data. */
interface Writer {
  readonly head: Buffer;
  readonly key: Uint8Array;
  readonly aad: Buffer;
  readonly prefixLength: number;
}

/** The id of the data key that a frame was sealed with; undefined for what is no frame. */
export function keyIdOf(sealed: Uint8Array): number | undefined {
  if (sealed.length < SEALED_AT + TAG || sealed[0] !== VERSION) return undefined;
  return asBuffer(sealed).readUInt32BE(1);
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** A sealer; each one is a writer of its own. */
export function createSealer(keys: StoreKeys): Sealer {
  return new FrameSealer(keys);
}

class FrameSealer implements Sealer {
  readonly #keys: StoreKeys;
  readonly #store: Buffer;
  readonly #own: Writer;
  readonly #writers = new Map<string, Writer>();
  readonly #noncePrefix = randomBytes(4);
  /** The writer of the last frame that was opened: most frames in a row are of one. */
  #last: Writer;
  #count = 0;

  constructor(keys: StoreKeys) {
    const dataKey = keys.keys.get(keys.current);
    if (dataKey === undefined) throw unsealFailed('the key for new records is missing');
    const store = Buffer.from(keys.store);
    this.#keys = keys;
    this.#store = Buffer.concat([Buffer.of(store.length), store]);
    const head = Buffer.alloc(NONCE_AT);
    head.writeUInt8(VERSION, 0);
    head.writeUInt32BE(keys.current, 1);
    head.writeUInt32BE(keys.generation, 5);
    randomBytes(16).copy(head, WRITER_AT);
    this.#own = this.#last = this.#writer(head, dataKey);
  }

  seal(record: string, plain: Uint8Array): Uint8Array {
    const writer = this.#own;
    const frame = Buffer.allocUnsafe(SEALED_AT + plain.length + TAG);
    writer.head.copy(frame);
    this.#writeNonce(frame);
    const cipher = createCipheriv('aes-256-gcm', writer.key, frame.subarray(NONCE_AT, SEALED_AT), TAG_OPTIONS);
    cipher.setAAD(aad(writer, record));
    cipher.update(plain).copy(frame, SEALED_AT);
    cipher.final();
    cipher.getAuthTag().copy(frame, frame.length - TAG);
    return frame;
  }

  open(record: string, sealed: Uint8Array): Uint8Array {
    const frame = asBuffer(sealed);
    const writer = this.#writerOf(frame);
    try {
      const nonce = frame.subarray(NONCE_AT, SEALED_AT);
      const decipher = createDecipheriv('aes-256-gcm', writer.key, nonce, TAG_OPTIONS);
      decipher.setAAD(aad(writer, record));
      decipher.setAuthTag(frame.subarray(frame.length - TAG));
      const plain = decipher.update(frame.subarray(SEALED_AT, frame.length - TAG));
      decipher.final();
      return plain;
    } catch {
      throw unsealFailed('a record does not fit its key or its place');
    }
  }

  #writeNonce(frame: Buffer): void {
    this.#noncePrefix.copy(frame, NONCE_AT);
    frame.writeUInt32BE(Math.floor(this.#count / 0x1_0000_0000), NONCE_AT + 4);
    frame.writeUInt32BE(this.#count >>> 0, NONCE_AT + 8);
    this.#count += 1;
  }

  #writerOf(frame: Buffer): Writer {
    if (keyIdOf(frame) === undefined) throw unsealFailed('a record is damaged');
    if (this.#last.head.compare(frame, 0, NONCE_AT) === 0) return this.#last;
    const name = frame.toString('latin1', 1, NONCE_AT);
    const writer = this.#writers.get(name) ?? this.#newWriter(name, frame);
    this.#last = writer;
    return writer;
  }

  #newWriter(name: string, frame: Buffer): Writer {
    const dataKey = this.#keys.keys.get(frame.readUInt32BE(1));
    if (dataKey === undefined) throw unsealFailed('a record is sealed with a key that is gone');
    if (frame.readUInt32BE(5) !== this.#keys.generation) throw unsealFailed('a record is of another generation');
    if (this.#writers.size >= MOST_WRITERS) this.#writers.clear();
    const writer = this.#writer(Buffer.from(frame.subarray(0, NONCE_AT)), dataKey);
    this.#writers.set(name, writer);
    return writer;
  }

  #writer(head: Buffer, dataKey: Uint8Array): Writer {
    const key = new Uint8Array(hkdfSync('sha256', dataKey, head.subarray(WRITER_AT), SUBKEY_LABEL, 32));
    const prefixLength = this.#store.length + NONCE_AT;
    const aad = Buffer.alloc(prefixLength + MOST_RECORD_BYTES);
    this.#store.copy(aad);
    head.copy(aad, this.#store.length);
    return { head, key, aad, prefixLength };
  }
}

/** The associated data of a record, valid until the next call: store and head stand there already. */
function aad({ aad: bytes, prefixLength }: Writer, record: string): Buffer {
  // Three bytes are the most that UTF-8 needs for one unit of a string.
  if (record.length * 3 > MOST_RECORD_BYTES)
    return Buffer.concat([bytes.subarray(0, prefixLength), Buffer.from(record)]);
  return bytes.subarray(0, prefixLength + bytes.write(record, prefixLength));
}
