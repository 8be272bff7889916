// The SPNEGO token of a login: an AP-REQ in a Kerberos GSS token in a negotiation (RFC 4121, 4.1; RFC 4178, 4.2). Pure.
import { apRequest } from './ap-request.js';
import { application, context, oid, octets, sequence } from './der-write.js';
import type { Ticket } from './kdc-reply.js';

const SPNEGO = oid('1.3.6.1.5.5.2');
const KERBEROS = oid('1.2.840.113554.1.2.2');
const AP_REQ = Buffer.from([0x01, 0x00]);

/** The token for one attempt with `ticket`. */
export function spnegoToken(ticket: Ticket, nowMs: number): Buffer {
  const request = apRequest(ticket, { usage: 11, checksum: { type: 0x8003, bytes: gssChecksum() }, nowMs });
  const kerberos = gssToken(KERBEROS, Buffer.concat([AP_REQ, request]));
  const init = sequence(context(0, sequence(KERBEROS)), context(2, octets(kerberos)));
  return gssToken(SPNEGO, context(0, init));
}

/** RFC 2743, 3.1: `[APPLICATION 0]` around the mechanism and what is its own. */
const gssToken = (mechanism: Buffer, inner: Buffer): Buffer => application(0, Buffer.concat([mechanism, inner]));

// RFC 4121, 4.1.1: length of the binding, no channel binding, flags for confidentiality and integrity.
function gssChecksum(): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(16, 0);
  bytes.writeUInt32LE(0x30, 20);
  return bytes;
}
