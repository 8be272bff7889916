// EntryRecord <-> bytes: version 1 | length of the head 4 | head as JSON | body as it is. The decoder is total: anything odd is undefined.
import type { EntryRecord, RecordParent } from '../record.js';

const VERSION = 1;
const HEAD_AT = 5;

/** The bytes of a record. */
export function encodeEntry(record: EntryRecord): Uint8Array {
  const { body, ...rest } = record;
  const head = JSON.stringify(rest);
  const headLength = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(HEAD_AT + headLength + body.length);
  bytes[0] = VERSION;
  bytes.writeUInt32BE(headLength, 1);
  bytes.write(head, HEAD_AT);
  bytes.set(body, HEAD_AT + headLength);
  return bytes;
}

/** The record in the bytes, or undefined. Its body is a view of `bytes`: copy what is kept for long. */
export function decodeEntry(bytes: Uint8Array): EntryRecord | undefined {
  if (bytes.length < HEAD_AT || bytes[0] !== VERSION) return undefined;
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const bodyAt = HEAD_AT + buffer.readUInt32BE(1);
  if (bodyAt > buffer.length) return undefined;
  const head = parse(buffer.toString('utf8', HEAD_AT, bodyAt));
  const body = buffer.subarray(bodyAt);
  return head !== undefined && isSound(head, body.length) ? Object.assign(head, { body }) : undefined;
}

type Head = Omit<EntryRecord, 'body'>;
type Fields = Readonly<Record<string, unknown>>;

function parse(text: string): Fields | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const TEXTS = ['id', 'namespace', 'path', 'lease', 'token', 'accessor'] as const;
const NUMBERS = [
  'expiresAt',
  'priorMs',
  'graceMs',
  'incrementSeconds',
  'renewals',
  'storedAt',
  'status',
  'digitsAt',
  'digitsEnd',
] as const;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

function isSound(head: Fields, bodyLength: number): head is Fields & Head {
  if (head.kind !== 'lease' && head.kind !== 'token') return false;
  if (!TEXTS.every((name) => isText(head[name])) || head.id === '') return false;
  if (!NUMBERS.every((name) => Number.isFinite(head[name]))) return false;
  if (!isTexts(head.keys) || !isTexts(head.head) || head.head.length % 2 !== 0) return false;
  if (typeof head.renewable !== 'boolean' || !isParent(head.parent) || !isHome(head.home)) return false;
  const { digitsAt, digitsEnd, status } = head as { digitsAt: number; digitsEnd: number; status: number };
  const inBody = isPlace(digitsAt) && isPlace(digitsEnd) && digitsAt <= digitsEnd && digitsEnd <= bodyLength;
  return inBody && Number.isInteger(status) && status >= 100 && status <= 599;
}

const isPlace = (value: number): boolean => Number.isInteger(value) && value >= 0;

const isHome = (value: unknown): boolean => isFields(value) && isText(value.namespace) && isText(value.path);

function isParent(value: unknown): value is RecordParent {
  if (value === undefined) return true;
  if (!isFields(value)) return false;
  if (value.on === 'entry') return isText(value.id);
  return value.on === 'identity' && isText(value.identity) && isText(value.token);
}
