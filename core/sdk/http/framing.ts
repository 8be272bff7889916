// Where one HTTP/1 message ends, told from its complete head. Pure. It decides nothing about validity: what is not plain is `unsure`, and
// node's own parser, which sees the same bytes, refuses it or not.
import { offersWebSocket } from './web-socket.js';

/**
 * What follows a head: so many bytes of body, a chunked body, "no body, and node's parser loses what comes in the same segment" (an upgrade that
 * nobody takes), or "do not follow this connection any more".
 */
export type Framing = number | 'chunked' | 'alone' | 'unsure';

/** Anything in a head that needs a closer look: other protocols, bodies, upgrades, folded lines, line ends that are not CRLF. */
const SPECIAL = /^(?:CONNECT|PRI) |\n(?:content-length|transfer-encoding|upgrade|[ \t])|(?<!\r)\n|\r(?!\n)/i;
const LENGTH = /^content-length:[ \t]*([0-9]{1,15})[ \t]*$/i;
const CHUNKED = /^transfer-encoding:[ \t]*chunked[ \t]*$/i;
const BODY_HEADER = /^(?:content-length|transfer-encoding)/i;

/**
 * Reads a head: request line and header lines, each ended by CRLF, without the empty line. `followsUpgrade` tells whether an offer of
 * WebSocket would turn the connection into something else (RFC 9112 section 6; two lengths, a length beside an encoding, other encodings are unsure).
 */
export function frame(head: string, followsUpgrade: boolean): Framing {
  return SPECIAL.test(head) ? lookCloser(head, followsUpgrade) : 0;
}

function lookCloser(head: string, followsUpgrade: boolean): Framing {
  if (/^(?:CONNECT|PRI) |\n[ \t]|(?<!\r)\n|\r(?!\n)/.test(head)) return 'unsure';
  const lines = head.split('\r\n');
  const offers = lines.filter((line) => /^upgrade/i.test(line));
  const body = lines.filter((line) => BODY_HEADER.test(line));
  const only = body[0];
  if (offers.length > 0) {
    const taken = followsUpgrade && offers.some((line) => offersWebSocket(line.slice(line.indexOf(':') + 1)));
    return taken || only !== undefined ? 'unsure' : 'alone';
  }
  if (only === undefined) return 0;
  if (body.length > 1) return 'unsure';
  const length = LENGTH.exec(only)?.[1];
  if (length !== undefined) return Number(length);
  return CHUNKED.test(only) && lines[0]?.endsWith(' HTTP/1.1') ? 'chunked' : 'unsure';
}
