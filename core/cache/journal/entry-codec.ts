// EntryRecord <-> bytes: version 1 | length of the head 4 | head as a JSON array | body as it is. The decoder is total: anything odd is undefined.
// An array, because a restart reads very many: without the names it is parsed in half the time.
import type { EntryRecord, RecordParent } from '../record.js';

const VERSION = 1;
const HEAD_AT = 5;

/** The bytes of a record. */
export function encodeEntry(record: EntryRecord): Uint8Array {
  const { body } = record;
  const head = JSON.stringify(rowOf(record));
  const headLength = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(HEAD_AT + headLength + body.length);
  bytes[0] = VERSION;
  bytes.writeUInt32BE(headLength, 1);
  bytes.write(head, HEAD_AT);
  bytes.set(body, HEAD_AT + headLength);
  return bytes;
}

/** Gives one list for all that are equal. */
export type Share = (list: readonly string[]) => readonly string[];

/** The record in the bytes, or undefined. Its body is a view of `bytes`; with `share` it is a copy, and equal heads are one list. */
export function decodeEntry(bytes: Uint8Array, share?: Share): EntryRecord | undefined {
  if (bytes.length < HEAD_AT || bytes[0] !== VERSION) return undefined;
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const bodyAt = HEAD_AT + buffer.readUInt32BE(1);
  if (bodyAt > buffer.length) return undefined;
  const row = parse(buffer.toString('utf8', HEAD_AT, bodyAt));
  if (!isSound(row, buffer.length - bodyAt)) return undefined;
  const body = share === undefined ? buffer.subarray(bodyAt) : copyFrom(buffer, bodyAt);
  return recordOf(row, body, share);
}

function copyFrom(buffer: Buffer, start: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(buffer.length - start);
  buffer.copy(copy, 0, start);
  return copy;
}

type Row = readonly [
  ...[id: string, kind: 'lease' | 'token', namespace: string, path: string, homeNamespace: string, homePath: string],
  ...[lease: string, token: string, accessor: string, on: string, parent: string, parentToken: string],
  ...[keys: string[], expiresAt: number, priorMs: number, graceMs: number, renewable: boolean],
  ...[incrementSeconds: number, renewals: number, storedAt: number, status: number],
  ...[head: string[], digitsAt: number, digitsEnd: number],
];

const LENGTH = 24;
const TEXTS = [0, 2, 3, 4, 5, 6, 7, 8, 10, 11];
const NUMBERS = [13, 14, 15, 17, 18, 19, 20, 22, 23];

// what is missing of an unsound record becomes null, which the decoder refuses
function rowOf(record: EntryRecord): unknown[] {
  const { home, parent } = record;
  const above =
    parent === undefined
      ? ['', '', '']
      : parent.on === 'entry'
        ? [parent.on, parent.id, '']
        : [parent.on, parent.identity, parent.token];
  return [
    ...[record.id, record.kind, record.namespace, record.path, home.namespace, home.path],
    ...[record.lease, record.token, record.accessor, ...above],
    ...[record.keys, record.expiresAt, record.priorMs, Math.round(record.graceMs), record.renewable],
    ...[record.incrementSeconds, record.renewals, record.storedAt, record.status],
    ...[record.head, record.digitsAt, record.digitsEnd],
  ];
}

function recordOf(row: Row, body: Uint8Array, share: Share | undefined): EntryRecord {
  const head = row[21];
  return {
    id: row[0],
    kind: row[1],
    namespace: row[2],
    path: row[3],
    home: { namespace: row[4], path: row[5] },
    lease: row[6],
    token: row[7],
    accessor: row[8],
    parent: parentOf(row[9], row[10], row[11]),
    keys: row[12],
    expiresAt: row[13],
    priorMs: row[14],
    graceMs: row[15],
    renewable: row[16],
    incrementSeconds: row[17],
    renewals: row[18],
    storedAt: row[19],
    status: row[20],
    head: share === undefined ? head : share(head),
    body,
    digitsAt: row[22],
    digitsEnd: row[23],
  };
}

function parentOf(on: string, name: string, token: string): RecordParent {
  if (on === '') return undefined;
  return on === 'entry' ? { on, id: name } : { on: 'identity', identity: name, token };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
const isPlace = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

function isSound(row: unknown, bodyLength: number): row is Row {
  if (!Array.isArray(row) || row.length !== LENGTH || row[0] === '') return false;
  if (row[1] !== 'lease' && row[1] !== 'token') return false;
  for (const at of TEXTS) if (typeof row[at] !== 'string') return false;
  for (const at of NUMBERS) if (!Number.isFinite(row[at])) return false;
  if (row[9] !== '' && row[9] !== 'entry' && row[9] !== 'identity') return false;
  return isSoundAnswer(row as unknown[], bodyLength);
}

function isSoundAnswer(row: readonly unknown[], bodyLength: number): boolean {
  const [keys, renewable, status, head, digitsAt, digitsEnd] = [row[12], row[16], row[20], row[21], row[22], row[23]];
  if (!isTexts(keys) || !isTexts(head) || head.length % 2 !== 0 || typeof renewable !== 'boolean') return false;
  if (!isPlace(digitsAt) || !isPlace(digitsEnd) || digitsAt > digitsEnd || digitsEnd > bodyLength) return false;
  return isPlace(status) && status >= 100 && status <= 599;
}
