// How a value lies in Redis: a mark, the moment of its end in 16 digits (wall clock ms, zeros for never), then the bytes. Redis forgets it by its own
// clock; the digits let an agent whose clock is ahead not be given what has ended. Pure.
import { DamagedReply } from './failures.js';

const MARK = 'C1';
const HEAD = MARK.length + 16;

/** What a framed value says. */
export interface Unframed {
  readonly value: Uint8Array;
  /** 0 for never. */
  readonly expiresAt: number;
}

/** Puts the head before a value. */
export function framed(value: Uint8Array, expiresAt: number): Buffer {
  return Buffer.concat([Buffer.from(MARK + String(expiresAt).padStart(16, '0'), 'latin1'), value]);
}

/** Reads a reply. Throws DamagedReply when it is none of ours. The value is a copy. */
export function unframed(reply: unknown): Unframed {
  if (!Buffer.isBuffer(reply)) throw new DamagedReply('a record is not bytes');
  const digits = reply.toString('latin1', MARK.length, HEAD);
  if (reply.toString('latin1', 0, MARK.length) !== MARK || !/^\d{16}$/.test(digits))
    throw new DamagedReply('a record was not written by an agent');
  return { value: Uint8Array.from(reply.subarray(HEAD)), expiresAt: Number(digits) };
}
