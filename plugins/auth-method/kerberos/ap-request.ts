// AP-REQ with its authenticator (RFC 4120, 5.5.1): the proof that we know the session key of a ticket, good for one use. Pure but for the part of a
// microsecond that makes each one differ.
import { randomInt } from 'node:crypto';
import { application, context, flags, integer, sequence, text, time } from './der-write.js';
import { checksumData, encryptedData } from './kdc-request.js';
import type { Ticket } from './kdc-reply.js';
import { NAME_TYPE, principalName } from './principal.js';

/** What an authenticator says. */
export interface Proof {
  /** Key usage: 7 towards a KDC, 11 towards a service. */
  readonly usage: number;
  readonly checksum: { readonly type: number; readonly bytes: Buffer };
  readonly nowMs: number;
}

/** An AP-REQ for `ticket`. Serves once: every acceptor remembers authenticators for five minutes. */
export function apRequest(ticket: Ticket, proof: Proof): Buffer {
  const fields = sequence(
    context(0, integer(5)),
    context(1, integer(14)),
    context(2, flags(0)),
    context(3, ticket.bytes),
    context(4, encryptedData(ticket.sessionKey, proof.usage, authenticator(ticket, proof))),
  );
  return application(14, fields);
}

function authenticator({ client }: Ticket, { checksum, nowMs }: Proof): Buffer {
  const fields = sequence(
    context(0, integer(5)),
    context(1, text(client.realm)),
    context(2, principalName(NAME_TYPE.principal, client.names)),
    context(3, checksumData(checksum.type, checksum.bytes)),
    context(4, integer((Math.floor(nowMs) % 1000) * 1000 + randomInt(1000))),
    context(5, time(nowMs)),
  );
  return application(2, fields);
}
