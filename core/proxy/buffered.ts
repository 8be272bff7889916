// A streaming reply taken into memory.
import type { Reply } from '../contracts/exchange.js';
import type { BufferedReply } from '../contracts/lease-cache.js';
import { sameName, withHeader } from '../kernel/raw-headers.js';

/** Most bytes of one body that are held in memory: what Vault itself accepts as a request (D-35). */
export const BUFFER_LIMIT = 32 * 1024 * 1024;

/** The reply with its body in memory, or undefined when that is too long; the reply can then still be sent as it is. */
export async function bufferedReply(reply: Reply): Promise<BufferedReply | undefined> {
  if (reply.body instanceof Uint8Array) return reply as BufferedReply;
  const body = await reply.body.collect(BUFFER_LIMIT);
  return body === undefined
    ? undefined
    : { status: reply.status, headers: lengthened(reply.headers, body.length), body };
}

/** The reply with another body and the length that fits it. */
export function withBody(reply: BufferedReply, body: Uint8Array): BufferedReply {
  return { status: reply.status, headers: withHeader(reply.headers, 'Content-Length', String(body.length)), body };
}

// An answer that came in chunks gets a length; one that had a length keeps it (it is the truth for HEAD, where no bytes follow).
function lengthened(headers: string[], length: number): string[] {
  for (let at = 0; at < headers.length; at += 2) {
    if (sameName(headers[at]!, 'content-length')) return headers;
  }
  return length === 0 ? headers : [...headers, 'Content-Length', String(length)];
}
