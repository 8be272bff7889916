// Reads AS-REP and TGS-REP (RFC 4120, 5.4.2): the ticket as it is, and the part for us once it is decrypted. Pure.
import { applicationOf, Fields, firstElement, integerOf, octetsOf, partsOf, textOf, timeOf } from './der-read.js';
import { decrypt, enctypeName, isUsable, type Key } from './enctypes.js';
import { namesOf, type Principal } from './principal.js';

/** A ticket and what belongs to it. Serves one attempt and is never kept. */
export interface Ticket {
  /** The Ticket element; opaque for us. */
  readonly bytes: Buffer;
  readonly sessionKey: Key;
  readonly service: Principal;
  readonly client: Principal;
  /** Milliseconds since 1970. */
  readonly endsAtMs: number;
}

/** What a reply must be. */
export interface Expected {
  /** 11 for AS-REP, 13 for TGS-REP. */
  readonly application: number;
  readonly key: Key;
  /** Key usage of the encrypted part. */
  readonly usage: number;
  readonly nonce: number;
}

/** A reply, read. */
export interface Reply {
  readonly ticket: Ticket;
  /** Encrypted preauthentication data by type (RFC 6806, section 11). */
  readonly proofs: ReadonlyMap<number, Buffer>;
}

/** Reads a reply; undefined when `key` does not open it. Throws an Error that says what is wrong with it. */
export function readReply(bytes: Buffer, expected: Expected): Reply | undefined {
  const fields = new Fields(applicationOf(bytes, expected.application));
  const sealed = new Fields(fields.get(6));
  if (integerOf(sealed.get(0)) !== expected.key.etype) throw new Error('it is encrypted with a key of another type');
  const plain = decrypt(expected.key, expected.usage, octetsOf(sealed.get(2)));
  if (plain === undefined) return undefined;
  const part = new Fields(applicationOf(plain, 25, 26));
  if (integerOf(part.get(2)) !== expected.nonce) throw new Error('it belongs to another request (nonce)');
  const session = keyIn(part);
  if (!isUsable(session)) throw new Error(`it gives a session key of ${enctypeName(session.etype)}`);
  const client = { names: namesOf(fields.get(4)), realm: textOf(fields.get(3)) };
  return { ticket: { ...ticketOf(fields, part, client), sessionKey: session }, proofs: proofsIn(part) };
}

function keyIn(part: Fields): Key {
  const key = new Fields(part.get(0));
  return { etype: integerOf(key.get(0)), bytes: octetsOf(key.get(1)) };
}

function ticketOf(fields: Fields, part: Fields, client: Principal): Omit<Ticket, 'sessionKey'> {
  return {
    bytes: fields.get(5).whole,
    service: { names: namesOf(part.get(10)), realm: textOf(part.get(9)) },
    client,
    endsAtMs: timeOf(part.get(7)),
  };
}

function proofsIn(part: Fields): Map<number, Buffer> {
  const list = part.find(12);
  const entries = list === undefined ? [] : partsOf(list).map((entry) => new Fields(entry));
  return new Map(entries.map((entry) => [integerOf(entry.get(1)), octetsOf(entry.get(2))]));
}

/** Checksum in an encoded Checksum. Throws an Error. */
export const checksumIn = (bytes: Buffer): Buffer => octetsOf(new Fields(firstElement(bytes)).get(1));
