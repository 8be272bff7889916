// One answer as bytes for the journal: a version, the length of a JSON head, the head, the body. No token is in it, only digests of those that read it.
// Pure and total: what cannot be read is undefined.
import { fieldsOf } from '../envelope.js';

/** What of a slot outlives the process. */
export interface SlotRecord {
  readonly namespace: string;
  readonly path: string;
  readonly query: string;
  readonly storedAt: number;
  readonly status: number;
  readonly head: readonly string[];
  readonly ttlMs: number;
  readonly kv: boolean;
  readonly version: number;
  readonly created: string;
  readonly deletionAt: number;
  readonly readers: readonly string[];
  readonly body: Uint8Array;
}

const VERSION = 1;
const FIXED = 5;

/** Bytes of a record. */
export function encodeSlot({ body, ...head }: SlotRecord): Uint8Array {
  const text = Buffer.from(JSON.stringify(head));
  const start = Buffer.alloc(FIXED);
  start.writeUInt8(VERSION, 0);
  start.writeUInt32BE(text.length, 1);
  return Buffer.concat([start, text, body]);
}

/** The record of bytes, or undefined. */
export function decodeSlot(bytes: Uint8Array): SlotRecord | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (all.length < FIXED || all.readUInt8(0) !== VERSION) return undefined;
  const end = FIXED + all.readUInt32BE(1);
  if (end > all.length) return undefined;
  try {
    const head = fieldsOf(JSON.parse(all.toString('utf8', FIXED, end)));
    return head !== undefined && fits(head)
      ? { ...(head as unknown as SlotRecord), body: all.subarray(end) }
      : undefined;
  } catch {
    return undefined;
  }
}

const TEXTS = ['namespace', 'path', 'query', 'created'];
const NUMBERS = ['storedAt', 'status', 'ttlMs', 'version', 'deletionAt'];

function fits(head: Readonly<Record<string, unknown>>): boolean {
  return (
    TEXTS.every((name) => typeof head[name] === 'string') &&
    NUMBERS.every((name) => Number.isFinite(head[name])) &&
    typeof head.kv === 'boolean' &&
    areTexts(head.head) &&
    areTexts(head.readers)
  );
}

const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'string');
