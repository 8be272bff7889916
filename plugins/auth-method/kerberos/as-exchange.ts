// AS exchange (RFC 4120, 3.1): a ticket-granting ticket for the key of a keytab, with an encrypted timestamp as proof at once. Where the KDC has the
// user's key of another type only, it is asked once more with that one.
import { agentError } from 'claviger/sdk';
import { context, integer, sequence, time } from './der-write.js';
import { checksum, type Key } from './enctypes.js';
import type { KeytabEntry } from './keytab.js';
import type { KdcAnswer } from './kdc-call.js';
import { kdcErrorIn, refusedByKdc, type KdcError } from './kdc-error.js';
import { checksumIn, readReply, type Reply, type Ticket } from './kdc-reply.js';
import { encryptedData, freshNonce, kdcRequest, paData, requestBody } from './kdc-request.js';
import { asked, badReply, type Exchange } from './exchange.js';
import { grantingService, type Principal } from './principal.js';

/** The user and the keys to prove it with, best first; at least one. */
export interface AsOrder {
  readonly user: Principal;
  readonly keys: readonly KeytabEntry[];
  readonly keytabPath: string;
  /** Ask for a confirmation that nobody changed the request (PA-REQ-ENC-PA-REP), and check it. */
  readonly mayNegotiate: boolean;
  /** Called when the KDC says that the key is wrong, which may bring the account nearer to being locked. */
  readonly isWrongKey?: () => void;
}

/** The ticket, the key that worked and the KDC that said yes. */
export interface Granted {
  readonly ticket: Ticket;
  readonly entry: KeytabEntry;
  readonly from: string;
}

const RENEWABLE_OK = 0x00000010;
const FORWARDABLE = 0x40000000;
const PA_ENC_TIMESTAMP = 2;
const PA_REQ_ENC_PA_REP = 149;
const USAGE = { timestamp: 1, reply: 3, confirmation: 56 };
/** Errors after which another of our keys may be the right one. */
const OTHER_KEY = [14, 24, 25];
const WRONG_KEY = 24;

interface Sent {
  readonly bytes: Buffer;
  readonly nonce: number;
}

/**
 * Gets the ticket. Throws AUTH_CREDENTIAL_INVALID or SERVICE_BAD_ANSWER for what the KDC refuses, SERVICE_UNREACHABLE when none answers.
 */
export async function askForTgt(exchange: Exchange, order: AsOrder): Promise<Granted> {
  let entry = order.keys[0] as KeytabEntry;
  for (let again = false; ; again = true) {
    const sent = requestWith(exchange, order, entry.key);
    const answer = await exchange.ask(order.user.realm, sent.bytes);
    const error = errorIn(answer);
    if (error === undefined) return { ticket: opened(answer, { order, entry, sent }), entry, from: answer.from };
    const next = again ? undefined : otherKey(error, entry, order.keys);
    if (next === undefined && error.code === WRONG_KEY) order.isWrongKey?.();
    if (next === undefined) throw refusedByKdc(error, asked(exchange, order, answer.from));
    entry = next;
  }
}

function errorIn(answer: KdcAnswer): KdcError | undefined {
  try {
    return kdcErrorIn(answer.bytes);
  } catch (error) {
    throw badReply(answer, error);
  }
}

function otherKey(error: KdcError, used: KeytabEntry, keys: readonly KeytabEntry[]): KeytabEntry | undefined {
  if (!OTHER_KEY.includes(error.code) || error.etypes.includes(used.key.etype)) return undefined;
  return keys.find(({ key }) => error.etypes.includes(key.etype));
}

function requestWith(exchange: Exchange, order: AsOrder, key: Key): Sent {
  const { settings, clock } = exchange;
  const nonce = freshNonce();
  const body = requestBody({
    options: RENEWABLE_OK + (settings.isForwardable ? FORWARDABLE : 0),
    client: order.user,
    service: grantingService(order.user.realm),
    tillMs: clock.now() + settings.lifetimeMs,
    nonce,
    // The type of the key that proves comes first, because the KDC answers with the first that it can.
    etypes: [key.etype, ...settings.etypes.filter((etype) => etype !== key.etype)],
  });
  const padata = [paData(PA_ENC_TIMESTAMP, timestamp(key, clock.now()))];
  if (order.mayNegotiate) padata.push(paData(PA_REQ_ENC_PA_REP, Buffer.alloc(0)));
  return { bytes: kdcRequest(10, padata, body), nonce };
}

function timestamp(key: Key, nowMs: number): Buffer {
  const micro = (Math.floor(nowMs) % 1000) * 1000;
  return encryptedData(key, USAGE.timestamp, sequence(context(0, time(nowMs)), context(1, integer(micro))));
}

interface Tried {
  readonly order: AsOrder;
  readonly entry: KeytabEntry;
  readonly sent: Sent;
}

function opened(answer: KdcAnswer, { order, entry, sent }: Tried): Ticket {
  const reply = replyIn(answer, entry.key, sent.nonce);
  if (reply === undefined) {
    const what = `keytab_path ${order.keytabPath}`;
    const why = `the answer of the KDC ${answer.from} cannot be opened with its key`;
    throw agentError('AUTH_CREDENTIAL_INVALID', { what, why }, { at: order.keytabPath, hint: 'write a new keytab' });
  }
  const { ticket } = reply;
  if (ticket.service.names.join('/') !== `krbtgt/${order.user.realm}`)
    throw badReply(answer, 'it is for another service');
  if (!isConfirmed(reply, entry.key, sent.bytes)) throw badReply(answer, 'somebody has changed our request on its way');
  return ticket;
}

function replyIn(answer: KdcAnswer, key: Key, nonce: number): Reply | undefined {
  try {
    return readReply(answer.bytes, { application: 11, key, usage: USAGE.reply, nonce });
  } catch (error) {
    throw badReply(answer, error);
  }
}

// RFC 6806, section 11: a KDC that knows the question answers with a checksum over our request.
function isConfirmed({ proofs }: Reply, key: Key, request: Buffer): boolean {
  const proof = proofs.get(PA_REQ_ENC_PA_REP);
  if (proof === undefined || proof.length === 0) return true;
  try {
    return checksum(key, USAGE.confirmation, request).bytes.equals(checksumIn(proof));
  } catch {
    return false;
  }
}
