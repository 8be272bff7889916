// EntryRecord <-> bytes: version 2 | length of the common part 4 | length of the own part 4 | both as JSON arrays | body as it is. The decoder is total:
// anything odd is undefined. What the answers of one client have in common stands apart, because a restart reads very many: it is parsed once.
import { keptBytes } from '../kept-bytes.js';
import type { EntryRecord, RecordParent } from '../record.js';

const VERSION = 2;
const PARTS_AT = 9;

/** The bytes of a record. */
export function encodeEntry(record: EntryRecord): Uint8Array {
  const { body } = record;
  const common = JSON.stringify(commonRow(record));
  const own = JSON.stringify(ownRow(record));
  const ownAt = PARTS_AT + Buffer.byteLength(common);
  const bodyAt = ownAt + Buffer.byteLength(own);
  const bytes = Buffer.allocUnsafe(bodyAt + body.length);
  bytes[0] = VERSION;
  bytes.writeUInt32BE(ownAt - PARTS_AT, 1);
  bytes.writeUInt32BE(bodyAt - ownAt, 5);
  bytes.write(common, PARTS_AT);
  bytes.write(own, ownAt);
  bytes.set(body, bodyAt);
  return bytes;
}

/** The record in the bytes, or undefined. Its body is a view of `bytes`. */
export function decodeEntry(bytes: Uint8Array): EntryRecord | undefined {
  return decode(asBuffer(bytes), commonOf, viewFrom);
}

const MOST_COMMON = 256;

/** Decodes many records: equal common parts are one, and bodies are copies for long. It keeps secrets until it is forgotten. */
export class EntryDecoder {
  readonly #common = new Map<string, Common>();

  decode(bytes: Uint8Array): EntryRecord | undefined {
    return decode(asBuffer(bytes), this.#commonOf, keptBytes);
  }

  readonly #commonOf = (json: Buffer): Common | undefined => {
    const text = json.toString('latin1');
    const known = this.#common.get(text);
    const common = known ?? commonOf(json);
    if (common === undefined || common === known) return common;
    if (this.#common.size >= MOST_COMMON) this.#common.clear();
    this.#common.set(text, common);
    return common;
  };
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
const viewFrom = (bytes: Buffer, start: number): Buffer => bytes.subarray(start);

type Common = Pick<EntryRecord, 'kind' | 'namespace' | 'parent' | 'renewable' | 'incrementSeconds' | 'status' | 'head'>;
type CommonRow = readonly [
  ...[kind: 'lease' | 'token', namespace: string, on: string, parent: string, parentToken: string],
  ...[renewable: boolean, incrementSeconds: number, status: number, head: string[]],
];
type OwnRow = readonly [
  ...[
    id: string,
    path: string,
    homeNamespace: string,
    homePath: string,
    lease: string,
    token: string,
    accessor: string,
  ],
  ...[keys: string[], expiresAt: number, priorMs: number, graceMs: number, renewals: number, storedAt: number],
  ...[digitsAt: number, digitsEnd: number],
];

// what is missing of an unsound record becomes null, which the decoder refuses
function commonRow({ kind, namespace, parent, renewable, incrementSeconds, status, head }: EntryRecord): unknown[] {
  const above =
    parent === undefined
      ? ['', '', '']
      : parent.on === 'entry'
        ? [parent.on, parent.id, '']
        : [parent.on, parent.identity, parent.token];
  return [kind, namespace, ...above, renewable, incrementSeconds, status, head];
}

function ownRow(record: EntryRecord): unknown[] {
  const { home } = record;
  return [
    ...[record.id, record.path, home.namespace, home.path, record.lease, record.token, record.accessor],
    ...[record.keys, record.expiresAt, record.priorMs, Math.round(record.graceMs), record.renewals, record.storedAt],
    ...[record.digitsAt, record.digitsEnd],
  ];
}

function decode(
  bytes: Buffer,
  commonIn: (json: Buffer) => Common | undefined,
  bodyFrom: (bytes: Buffer, start: number) => Buffer,
): EntryRecord | undefined {
  if (bytes.length < PARTS_AT || bytes[0] !== VERSION) return undefined;
  const ownAt = PARTS_AT + bytes.readUInt32BE(1);
  const bodyAt = ownAt + bytes.readUInt32BE(5);
  if (bodyAt > bytes.length) return undefined;
  const common = commonIn(bytes.subarray(PARTS_AT, ownAt));
  const row = parse(bytes.toString('utf8', ownAt, bodyAt));
  if (common === undefined || !isOwnRow(row, bytes.length - bodyAt)) return undefined;
  return recordOf(common, row, bodyFrom(bytes, bodyAt));
}

function recordOf(common: Common, row: OwnRow, body: Buffer): EntryRecord {
  return {
    id: row[0],
    kind: common.kind,
    namespace: common.namespace,
    path: row[1],
    home: { namespace: row[2], path: row[3] },
    lease: row[4],
    token: row[5],
    accessor: row[6],
    parent: common.parent,
    keys: row[7],
    expiresAt: row[8],
    priorMs: row[9],
    graceMs: row[10],
    renewable: common.renewable,
    incrementSeconds: common.incrementSeconds,
    renewals: row[11],
    storedAt: row[12],
    status: common.status,
    head: common.head,
    body,
    digitsAt: row[13],
    digitsEnd: row[14],
  };
}

function commonOf(json: Buffer): Common | undefined {
  const row = parse(json.toString('utf8'));
  if (!isCommonRow(row)) return undefined;
  const [kind, namespace, on, parent, token, renewable, incrementSeconds, status, head] = row;
  return { kind, namespace, parent: parentOf(on, parent, token), renewable, incrementSeconds, status, head };
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

function isCommonRow(row: unknown): row is CommonRow {
  if (!Array.isArray(row) || row.length !== 9) return false;
  const [kind, , on, , , renewable, incrementSeconds, status, head] = row as unknown[];
  if ((kind !== 'lease' && kind !== 'token') || !row.slice(1, 5).every(isText)) return false;
  if (on !== '' && on !== 'entry' && on !== 'identity') return false;
  if (typeof renewable !== 'boolean' || !Number.isFinite(incrementSeconds)) return false;
  if (!isTexts(head) || head.length % 2 !== 0) return false;
  return isPlace(status) && status >= 100 && status <= 599;
}

function isOwnRow(row: unknown, bodyLength: number): row is OwnRow {
  if (!Array.isArray(row) || row.length !== 15 || row[0] === '') return false;
  for (let at = 0; at < 7; at++) if (typeof row[at] !== 'string') return false;
  for (let at = 8; at < 15; at++) if (!Number.isFinite(row[at])) return false;
  const [keys, digitsAt, digitsEnd] = [row[7], row[13], row[14]] as unknown[];
  if (!isTexts(keys) || !isPlace(digitsAt) || !isPlace(digitsEnd)) return false;
  return digitsAt <= digitsEnd && digitsEnd <= bodyLength;
}
