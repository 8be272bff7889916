// TGS exchange (RFC 4120, 3.3): with a ticket-granting ticket, a ticket for one service, or for the ticket-granting service of another realm.
import { apRequest } from './ap-request.js';
import { checksum } from './enctypes.js';
import { asked, badReply, type About, type Exchange } from './exchange.js';
import { kdcErrorIn, refusedByKdc } from './kdc-error.js';
import type { KdcAnswer } from './kdc-call.js';
import { readReply, type Ticket } from './kdc-reply.js';
import { freshNonce, kdcRequest, paData, requestBody } from './kdc-request.js';
import type { Principal } from './principal.js';

/** The ticket that proves who asks, and what is wanted. The realm of `service` is the one whose KDC is asked. */
export interface TgsOrder extends About {
  readonly tgt: Ticket;
  readonly service: Principal;
}

/** A ticket and the KDC it came from. */
export interface TgsGrant {
  readonly ticket: Ticket;
  readonly from: string;
}

const CANONICALIZE = 0x00010000;
const PA_TGS_REQ = 1;
const USAGE = { checksum: 6, authenticator: 7, reply: 8 };

/** Gets the ticket, which may be a referral. Throws SERVICE_BAD_ANSWER, AUTH_CREDENTIAL_INVALID or SERVICE_UNREACHABLE. */
export async function askForTicket(exchange: Exchange, order: TgsOrder): Promise<TgsGrant> {
  const { tgt, service } = order;
  const nonce = freshNonce();
  const body = requestBody({
    options: CANONICALIZE,
    service,
    tillMs: tgt.endsAtMs,
    nonce,
    etypes: exchange.settings.tgsEtypes,
  });
  const proof = apRequest(tgt, {
    usage: USAGE.authenticator,
    checksum: checksum(tgt.sessionKey, USAGE.checksum, body),
    nowMs: exchange.clock.now(),
  });
  const answer = await exchange.ask(service.realm, kdcRequest(12, [paData(PA_TGS_REQ, proof)], body));
  const ticket = ticketIn(exchange, answer, { order, nonce });
  if (ticket === undefined) throw badReply(answer, 'it cannot be opened with the session key');
  return { ticket, from: answer.from };
}

function ticketIn(
  exchange: Exchange,
  answer: KdcAnswer,
  { order, nonce }: { readonly order: TgsOrder; readonly nonce: number },
): Ticket | undefined {
  try {
    const error = kdcErrorIn(answer.bytes);
    if (error !== undefined) throw refusedByKdc(error, asked(exchange, order, answer.from));
    return readReply(answer.bytes, { application: 13, key: order.tgt.sessionKey, usage: USAGE.reply, nonce })?.ticket;
  } catch (error) {
    throw error instanceof Error && 'act' in error ? error : badReply(answer, error);
  }
}
