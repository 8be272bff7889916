// The record `meta` of a store: whose it is, and its wrapped data keys. Pure: bytes <-> values, no store and no provider.
import { createHash, randomBytes } from 'node:crypto';

/** One data key, wrapped by the provider of that name. */
export interface WrappedKey {
  readonly id: number;
  readonly wrapped: Uint8Array;
  readonly provider: string;
}

/** What the record says. The last of `keys` is the one for new records; earlier ones are left from a rotation that did not end. */
export interface Meta {
  /** Random id of the store. */
  readonly store: string;
  /** Grows each time the store is dropped. */
  readonly generation: number;
  /** Digest of the identity it belongs to. */
  readonly identity: string;
  readonly keys: readonly WrappedKey[];
  /** Wall clock, ms. */
  readonly created: number;
}

const VERSION = 1;

/** SHA-256 of what boot says about server and logins. */
export function identityDigest(identity: string): string {
  return createHash('sha256').update(identity).digest('hex');
}

/** A store that holds nothing yet. `generation` is the one after `before`. */
export function newMeta(identity: string, now: number, before?: Meta): Meta {
  const generation = (before?.generation ?? 0) + 1;
  return { store: randomBytes(16).toString('hex'), generation, identity, keys: [], created: now };
}

/** What a wrapped key is bound to: the store, its generation, its identity and the number of the key. */
export function bindingOf({ store, generation, identity }: Meta, keyId: number): Buffer {
  return Buffer.from(['claviger cache v1', store, generation, identity, keyId].join('\0'));
}

/** The record. */
export function encodeMeta(meta: Meta): Uint8Array {
  const keys = meta.keys.map(({ id, wrapped, provider }) => ({
    id,
    wrapped: Buffer.from(wrapped).toString('base64'),
    provider,
  }));
  return Buffer.from(JSON.stringify({ v: VERSION, ...meta, keys }));
}

/** What the bytes say: a meta record, one of a newer version, or nothing that makes sense. */
export function decodeMeta(bytes: Uint8Array): Meta | 'newer' | undefined {
  const value = parse(bytes);
  if (value === undefined) return undefined;
  if (typeof value.v === 'number' && value.v > VERSION) return 'newer';
  const { store, generation, identity, created } = value;
  const keys = Array.isArray(value.keys) ? value.keys.map(keyOf) : [];
  if (value.v !== VERSION || keys.length === 0 || keys.includes(undefined)) return undefined;
  if (typeof store !== 'string' || store.length > 64 || typeof identity !== 'string') return undefined;
  if (!isCount(generation) || typeof created !== 'number') return undefined;
  return { store, generation, identity, created, keys: keys as WrappedKey[] };
}

type Fields = Readonly<Record<string, unknown>>;
const isCount = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) <= 0xffff_ffff;

function parse(bytes: Uint8Array): Fields | undefined {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function keyOf(value: unknown): WrappedKey | undefined {
  const { id, wrapped, provider } = (typeof value === 'object' && value !== null ? value : {}) as Fields;
  if (!isCount(id) || typeof wrapped !== 'string' || typeof provider !== 'string') return undefined;
  return { id, wrapped: Buffer.from(wrapped, 'base64'), provider };
}
