// Is this token a proof of identity towards this service now? (RFC 4120, 3.2.3; spec auth-wire 10.2.) Remembers authenticators for as long as the
// clocks may differ, so that none counts twice. Knows no mount.
import { openSealed } from './kerberos-crypto.js';
import type { ServiceKey } from './kerberos-keytab.js';
import { readAuthenticator, readSpnegoToken, readTicketPart } from './kerberos-token.js';
import type { ApRequest, Authenticator, TicketPart } from './kerberos-token.js';

/** Who was proven. */
export interface Proven {
  /** `app` or `app/host`. */
  readonly client: string;
  readonly realm: string;
}

/** Clocks may differ by five minutes. */
export const SKEW_MS = 300_000;

/** The acceptor of one mount. */
export class KerberosAcceptor {
  readonly #now: () => number;
  /** What was seen, and until when it must be remembered. */
  readonly #seen = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Verifies a token with the keys of `account`. Throws an Error that says why it does not count. */
  accept(token: Buffer, keys: readonly ServiceKey[], account: string): Proven {
    const request = readSpnegoToken(token);
    const ticket = openTicket(request, keys, account);
    const proof = openAuthenticator(request, ticket);
    this.#checkTimes(ticket, proof);
    this.#checkReplay(request, proof);
    return { client: ticket.client, realm: ticket.realm };
  }

  #checkTimes(ticket: TicketPart, proof: Authenticator): void {
    const now = this.#now();
    if (Math.abs(now - proof.atMs) > SKEW_MS) throw new Error('KRB_AP_ERR_SKEW: clock skew with client too large');
    if (ticket.startsAtMs - now > SKEW_MS) throw new Error('KRB_AP_ERR_TKT_NYV: the ticket is not yet valid');
    if (now - ticket.endsAtMs > SKEW_MS) throw new Error('KRB_AP_ERR_TKT_EXPIRED: the ticket has expired');
  }

  #checkReplay(request: ApRequest, proof: Authenticator): void {
    const now = this.#now();
    for (const [key, until] of this.#seen) if (until < now) this.#seen.delete(key);
    const key = [request.service, proof.realm, proof.client, proof.atMs, proof.micros].join('\0');
    if (this.#seen.has(key)) throw new Error('KRB_AP_ERR_REPEAT: replay detected');
    this.#seen.set(key, proof.atMs + 2 * SKEW_MS);
  }
}

function openTicket(request: ApRequest, keys: readonly ServiceKey[], account: string): TicketPart {
  const { etype, kvno, cipher } = request.ticket;
  const own = keys.filter(({ name, realm }) => name === account && realm === request.realm);
  const fitting = own.filter(({ key, kvno: version }) => key.etype === etype && (kvno ?? version) === version);
  const best = fitting.sort((a, b) => b.kvno - a.kvno)[0];
  if (best === undefined) {
    const wanted = `${account}@${request.realm}, kvno ${String(kvno ?? 0)}, etype ${String(etype)}`;
    throw new Error(`KRB_AP_ERR_NOKEY: no key in the keytab for ${wanted}`);
  }
  const plain = openSealed(best.key, 2, cipher);
  if (plain === undefined) throw new Error('KRB_AP_ERR_BAD_INTEGRITY: could not decrypt the ticket');
  return readTicketPart(plain);
}

function openAuthenticator(request: ApRequest, ticket: TicketPart): Authenticator {
  const { etype, cipher } = request.authenticator;
  const plain = etype === ticket.sessionKey.etype ? openSealed(ticket.sessionKey, 11, cipher) : undefined;
  if (plain === undefined) throw new Error('KRB_AP_ERR_BAD_INTEGRITY: could not decrypt the authenticator');
  const proof = readAuthenticator(plain);
  if (proof.client !== ticket.client || proof.realm !== ticket.realm) {
    throw new Error('KRB_AP_ERR_BADMATCH: the authenticator is not by the client of the ticket');
  }
  return proof;
}
