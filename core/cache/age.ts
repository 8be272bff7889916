// Stored answer -> honest hit: the remaining seconds, Age and a fresh Date (D-4, D-26, D-27, P-12). A hit costs no JSON: the body was split
// around the number when it was stored, and head and body are rendered at most once a second and shared by all hits of that second.
import { placeAt } from '../kernel/json-spans.js';
import { sameName } from '../kernel/raw-headers.js';
import type { RawHeaders } from '../sdk/index.js';
import type { BufferedReply } from '../contracts/lease-cache.js';
import { keptBytes } from './kept-bytes.js';

/**
 * An answer as it is kept. `body` is the latest rendering; the number of seconds in it stands from `digitsAt` to `digitsEnd` (equal: none). It lies
 * outside the heap: measured, thousands of them make the process grow less than strings do.
 */
export interface StoredAnswer {
  storedAt: number;
  readonly status: number;
  /** Head of the server without what is made anew; shared by entries with the same head. */
  readonly head: readonly string[];
  body: Buffer;
  readonly digitsAt: number;
  digitsEnd: number;
  /** The latest rendering. */
  rendered: Rendering | undefined;
}

/** What hits get, and the second of the answer's age and its expiry that it is for. */
interface Rendering {
  readonly reply: BufferedReply;
  readonly age: number;
  readonly expiresAt: number;
}

const MADE_ANEW = ['date', 'content-length', 'age', 'x-cache', 'transfer-encoding'];

/** The head without what each hit makes anew. */
export function keptHead(headers: RawHeaders): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    if (!MADE_ANEW.some((lower) => sameName(name, lower))) kept.push(name, headers[at + 1]!);
  }
  return kept;
}

/** What to keep of an answer. `field` is where its seconds are; with `verbatim` they are left as the server wrote them. */
export function storeAnswer(given: {
  readonly status: number;
  readonly head: readonly string[];
  readonly body: Uint8Array;
  readonly storedAt: number;
  readonly field: 'lease' | 'auth';
  readonly verbatim: boolean;
}): StoredAnswer {
  const body = keptBytes(given.body);
  const keys = given.field === 'lease' ? ['lease_duration'] : ['auth', 'lease_duration'];
  const place = given.verbatim ? undefined : placeAt(body, ...keys);
  const number = place !== undefined && isDigit(body[place.start]!) ? place : { start: 0, end: 0 };
  return {
    storedAt: given.storedAt,
    status: given.status,
    head: given.head,
    body,
    digitsAt: number.start,
    digitsEnd: number.end,
    rendered: undefined,
  };
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** The answer at `now`. `expiresAt` is when the secret dies; less than a whole second left shows as 0. */
export function ripen(answer: StoredAnswer, expiresAt: number, now: number): BufferedReply {
  const age = Math.max(0, Math.floor((now - answer.storedAt) / 1000));
  const { rendered } = answer;
  if (rendered !== undefined && age === rendered.age && expiresAt === rendered.expiresAt) return rendered.reply;
  if (answer.digitsEnd > answer.digitsAt) writeDigits(answer, Math.max(0, Math.floor((expiresAt - now) / 1000)));
  const reply = { status: answer.status, headers: headOf(answer, age, now), body: answer.body };
  answer.rendered = { reply, age, expiresAt };
  return reply;
}

// A new buffer each time: the last one may still be on its way to a client.
function writeDigits(answer: StoredAnswer, seconds: number): void {
  const digits = String(seconds);
  const { body, digitsAt, digitsEnd } = answer;
  const next = Buffer.allocUnsafeSlow(body.length - (digitsEnd - digitsAt) + digits.length);
  body.copy(next, 0, 0, digitsAt);
  next.write(digits, digitsAt, 'latin1');
  body.copy(next, digitsAt + digits.length, digitsEnd);
  answer.body = next;
  answer.digitsEnd = digitsAt + digits.length;
}

function headOf({ head, body }: StoredAnswer, age: number, now: number): string[] {
  return [...head, 'Content-Length', `${body.length}`, 'X-Cache', 'HIT', 'Age', `${age}`, 'Date', dateText(now)];
}

let dateSecond = -1;
let dateCache = '';

/** The HTTP date of a moment, in UTC (D-26); made once a second. */
export function dateText(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateCache = new Date(second * 1000).toUTCString();
  }
  return dateCache;
}
