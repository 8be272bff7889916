// What lies sealed under a share key: the answer with the token that made it, who renews it until when, and a fencing number that only grows; or, after
// a revocation, a tombstone in its place. Codec and judgement; the decoder is total.
import { decodeEntry, encodeEntry } from '../journal/entry-codec.js';
import { marginOf } from '../life-plan.js';
import type { SharedRecord } from '../shared-answers.js';

/** A claim. Without a record it is a tombstone. */
export interface Claim {
  /** Instance that renews it. */
  readonly owner: string;
  readonly fence: number;
  /** Until then nobody else takes it over (wall clock ms). */
  readonly claimUntil: number;
  /** Id of the entry that it is or was. */
  readonly id: string;
  readonly record: SharedRecord | undefined;
}

/** The bytes to seal. */
export function encodeClaim({ owner, fence, claimUntil, id, record }: Claim): Uint8Array {
  const head = {
    ...{ owner, fence, claimUntil, id },
    parentExpiresAt: record?.parentExpiresAt ?? 0,
    parentAccessor: record?.parentAccessor,
    confirmedAt: record?.confirmedAt,
  };
  const line = Buffer.from(`${JSON.stringify(head)}\n`);
  if (record === undefined) return line;
  const { parentExpiresAt: _, confirmedAt: __, parentAccessor: ___, ...entry } = record;
  return Buffer.concat([line, encodeEntry(entry)]);
}

/** The claim in the bytes, or undefined. */
export function decodeClaim(bytes: Uint8Array): Claim | undefined {
  const at = bytes.indexOf(0x0a);
  const head = at < 0 ? undefined : headOf(Buffer.from(bytes.subarray(0, at)).toString('utf8'));
  if (head === undefined) return undefined;
  const { owner, fence, claimUntil, id, ...more } = head;
  if (at === bytes.length - 1) return { owner, fence, claimUntil, id, record: undefined };
  const entry = decodeEntry(bytes.subarray(at + 1));
  if (entry === undefined || entry.id !== id) return undefined;
  return { owner, fence, claimUntil, id, record: { ...entry, ...more } };
}

/** True when the answer may be given out at `now`: with a margin before its end and that of its token. */
export function isAlive(record: SharedRecord, now: number): boolean {
  const { expiresAt, priorMs, parentExpiresAt } = record;
  return (expiresAt === 0 || expiresAt - marginOf(priorMs) > now) && (parentExpiresAt === 0 || parentExpiresAt > now);
}

/** When the answer or its token ends, whichever is first; Infinity for never. */
export function endOf({ expiresAt, parentExpiresAt }: Pick<SharedRecord, 'expiresAt' | 'parentExpiresAt'>): number {
  return Math.min(expiresAt || Infinity, parentExpiresAt || Infinity);
}

/**
 * Until when a claim holds. Owners renew at 70 to 73 % of a life (D-54), and claim anew with each renewal: who has not done so at 80 % is gone, and a
 * fifth of the life is left for whoever takes over. No heartbeat is needed; what cannot be renewed needs nobody to take it over.
 */
export function claimUntil(record: SharedRecord, now: number): number {
  const end = endOf(record);
  return record.renewable && end !== Infinity ? now + 0.8 * (end - now) : end;
}

interface Head {
  readonly owner: string;
  readonly fence: number;
  readonly claimUntil: number;
  readonly id: string;
  readonly parentExpiresAt: number;
  readonly confirmedAt: number;
  readonly parentAccessor: string;
}

function headOf(text: string): Head | undefined {
  try {
    const {
      owner,
      fence,
      claimUntil: until,
      id,
      parentExpiresAt,
      confirmedAt = 0,
      parentAccessor = '',
    } = JSON.parse(text) as Record<string, unknown>;
    if (typeof owner !== 'string' || typeof id !== 'string' || id === '') return undefined;
    if (!Number.isSafeInteger(fence) || !isTime(parentExpiresAt) || !isTime(confirmedAt)) return undefined;
    if (typeof parentAccessor !== 'string') return undefined;
    // JSON has no Infinity
    const claimed = until === null ? Infinity : until;
    if (!isTime(claimed)) return undefined;
    return { owner, fence: fence as number, claimUntil: claimed, id, parentExpiresAt, confirmedAt, parentAccessor };
  } catch {
    return undefined;
  }
}

const isTime = (value: unknown): value is number => typeof value === 'number' && value >= 0;
