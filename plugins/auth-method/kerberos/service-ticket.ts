// From keys to a ticket for the server: one AS exchange, then TGS exchanges along referrals between realms (RFC 6806, section 8; at most five).
import { agentError, type Tried } from 'claviger/sdk';
import { askForTgt, type AsOrder, type Granted } from './as-exchange.js';
import type { Exchange } from './exchange.js';
import type { Ticket } from './kdc-reply.js';
import { enctypeName } from './enctypes.js';
import { grantingService, principalText, type Principal } from './principal.js';
import { askForTicket } from './tgs-exchange.js';

/** Whom for, and what for. */
export interface TicketOrder extends AsOrder {
  /** Components of the service principal. */
  readonly serviceNames: readonly string[];
  /** Realm of the service where the configuration knows it; else the KDCs do. */
  readonly serviceRealm: string | undefined;
}

/** The ticket, the key it was got with, and the steps for the trail. */
export interface ServiceTicket {
  readonly ticket: Ticket;
  readonly granted: Granted;
  readonly trail: readonly Tried[];
}

const MOST_REFERRALS = 5;

/** Gets a ticket for the service. Throws what the exchanges throw, and SERVICE_BAD_ANSWER for referrals without end. */
export async function askForServiceTicket(exchange: Exchange, order: TicketOrder): Promise<ServiceTicket> {
  const granted = await askForTgt(exchange, order);
  const trail: Tried[] = [{ source: `KDC ${granted.from}`, outcome: `ticket for ${principalText(order.user)}` }];
  let tgt = granted.ticket;
  let realm = order.user.realm;
  let target = order.serviceRealm;
  for (let hop = 0; hop <= MOST_REFERRALS; hop++) {
    if (target === realm) target = undefined;
    const service = target === undefined ? { names: order.serviceNames, realm } : grantingService(target, realm);
    const { ticket, from } = await askForTicket(exchange, { ...order, tgt, service });
    const next = referredTo(ticket, realm);
    trail.push({ source: `KDC ${from}`, outcome: outcomeOf(ticket, next) });
    if (next === undefined) return { ticket: checked(ticket, service, from), granted, trail };
    [tgt, realm] = [ticket, next];
  }
  const why = `more than ${String(MOST_REFERRALS)} referrals between realms for ${order.serviceNames.join('/')}`;
  throw agentError('SERVICE_BAD_ANSWER', { url: `the KDC of ${realm}`, why }, { hint: 'check [domain_realm]' });
}

function referredTo({ service }: Ticket, realm: string): string | undefined {
  const [first, other] = service.names;
  return first === 'krbtgt' && other !== undefined && other !== realm ? other : undefined;
}

// The KDC may spell the service otherwise (an alias), but its ticket must be for no ticket-granting service.
function checked(ticket: Ticket, wantedService: Principal, from: string): Ticket {
  if (ticket.service.names[0] !== 'krbtgt') return ticket;
  const why = `it gave no ticket for ${principalText(wantedService)}`;
  throw agentError('SERVICE_BAD_ANSWER', { url: `the KDC ${from}`, why });
}

const outcomeOf = ({ service, sessionKey }: Ticket, next: string | undefined): string =>
  next === undefined
    ? `ticket for ${principalText(service)}, ${enctypeName(sessionKey.etype)}`
    : `referral to the realm ${next}`;
