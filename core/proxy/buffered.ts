// A streaming reply taken into memory.
import type { Reply } from '../contracts/exchange.js';
import type { BufferedReply } from '../contracts/lease-cache.js';
import { sameName, withHeader } from '../kernel/raw-headers.js';
import { collected, type BodyRoom } from './body-budget.js';

/** The reply with its body in memory, or why not (see `collected`); the reply can then still be sent as it is. */
export async function bufferedReply(reply: Reply, room: BodyRoom): Promise<BufferedReply | 'too-large' | 'no-room'> {
  if (reply.body instanceof Uint8Array) return reply as BufferedReply;
  const body = await collected(reply.body, room);
  if (typeof body === 'string') return body;
  return { status: reply.status, headers: lengthened(reply.headers, body.length), body };
}

/** The reply with another body and the length that fits it. */
export function withBody(reply: BufferedReply, body: Uint8Array): BufferedReply {
  return { status: reply.status, headers: withHeader(reply.headers, 'Content-Length', String(body.length)), body };
}

/** Gives up what still streams of a reply that nobody will read. */
export function drop(reply: Reply): void {
  if (!(reply.body instanceof Uint8Array)) reply.body.cancel();
}

// An answer that came in chunks gets a length; one that had a length keeps it (it is the truth for HEAD, where no bytes follow).
function lengthened(headers: string[], length: number): string[] {
  for (let at = 0; at < headers.length; at += 2) {
    if (sameName(headers[at]!, 'content-length')) return headers;
  }
  return length === 0 ? headers : [...headers, 'Content-Length', String(length)];
}
