// Takes a SPNEGO token apart (RFC 4178, 4121, 4120) as far as an acceptor needs it. Pure; bad bytes are an Error, never a crash.
import { elementsOf, oidText } from './der.js';
import {
  children,
  moment,
  name,
  need,
  number,
  only,
  sealed,
  sequence,
  string,
  tagged,
  type Sealed,
} from './kerberos-fields.js';

/** The AP-REQ in a token. */
export interface ApRequest {
  readonly realm: string;
  /** `HTTP/vault.example.com`. */
  readonly service: string;
  readonly ticket: Sealed;
  readonly authenticator: Sealed;
}

/** The part of a ticket that only the service can read. */
export interface TicketPart {
  readonly sessionKey: { readonly etype: number; readonly bytes: Buffer };
  readonly client: string;
  readonly realm: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
}

/** What the client proves with the session key. */
export interface Authenticator {
  readonly client: string;
  readonly realm: string;
  readonly atMs: number;
  readonly micros: number;
}

const SPNEGO = '1.3.6.1.5.5.2';
/** Kerberos, and the number that old versions of Windows give it. */
const KERBEROS = ['1.2.840.113554.1.2.2', '1.2.840.48018.1.2.2'];

/** The AP-REQ of a SPNEGO token, or of a bare Kerberos token. Throws an Error. */
export function readSpnegoToken(bytes: Buffer): ApRequest {
  const { mechanism, inner } = gssToken(bytes);
  if (mechanism !== SPNEGO) return readApRequest(mechanism, inner);
  const init = tagged(only(elementsOf(inner), 0xa0));
  const mechanisms = elementsOf(sequence(need(init, 0))).map((element) => oidText(element.content));
  if (!mechanisms.some((name) => KERBEROS.includes(name))) throw new Error('no supported mechanism');
  const token = gssToken(Buffer.from(need(init, 2).content));
  return readApRequest(token.mechanism, token.inner);
}

function gssToken(bytes: Buffer): { readonly mechanism: string; readonly inner: Buffer } {
  const whole = only(elementsOf(bytes), 0x60);
  const oid = elementsOf(whole)[0];
  if (oid?.tag !== 0x06) throw new Error('not a GSS-API token');
  return { mechanism: oidText(oid.content), inner: Buffer.from(whole.subarray(2 + oid.content.length)) };
}

function readApRequest(mechanism: string, inner: Buffer): ApRequest {
  if (!KERBEROS.includes(mechanism)) throw new Error('not a Kerberos token');
  if (inner.readUInt16BE(0) !== 0x0100) throw new Error('not an AP-REQ');
  const fields = tagged(only(elementsOf(inner.subarray(2)), 0x6e));
  if (number(need(fields, 0)) !== 5 || number(need(fields, 1)) !== 14) throw new Error('not an AP-REQ');
  const ticket = tagged(only([need(fields, 3)], 0x61));
  return {
    realm: string(need(ticket, 1)),
    service: name(need(ticket, 2)),
    ticket: sealed(need(ticket, 3)),
    authenticator: sealed(need(fields, 4)),
  };
}

/** Reads an EncTicketPart. Throws an Error. */
export function readTicketPart(bytes: Buffer): TicketPart {
  const fields = tagged(only(elementsOf(bytes), 0x63));
  const key = children(need(fields, 1));
  const authtime = moment(need(fields, 5));
  const start = fields.get(6);
  return {
    sessionKey: { etype: number(need(key, 0)), bytes: Buffer.from(need(key, 1).content) },
    realm: string(need(fields, 2)),
    client: name(need(fields, 3)),
    startsAtMs: start === undefined ? authtime : moment(start),
    endsAtMs: moment(need(fields, 7)),
  };
}

/** Reads an Authenticator. Throws an Error. */
export function readAuthenticator(bytes: Buffer): Authenticator {
  const fields = tagged(only(elementsOf(bytes), 0x62));
  return {
    realm: string(need(fields, 1)),
    client: name(need(fields, 2)),
    micros: number(need(fields, 4)),
    atMs: moment(need(fields, 5)),
  };
}
