// Reply -> ServerResponse: one writeHead with the raw header list, then the bytes. It must not know what is in them.
import type { ServerResponse } from 'node:http';
import type { Reply } from '../contracts/exchange.js';

// As text, head and body of a short answer leave in one write; as bytes they need a vectored one, which costs half of a hit.
const ONE_WRITE_BYTES = 16 * 1024;

const latin1 = (body: Uint8Array): string =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');

/** Sends a reply. A client that has left is no error; a body that still streams is then given up. */
export function writeReply(reply: Reply, response: ServerResponse): void {
  const { body } = reply;
  if (body instanceof Uint8Array) {
    if (response.destroyed || response.headersSent) return;
    response.writeHead(reply.status, reply.headers);
    if (body.length > ONE_WRITE_BYTES) response.end(body);
    else response.end(latin1(body), 'latin1');
    return;
  }
  if (response.destroyed || response.headersSent) return body.cancel();
  response.once('close', () => {
    if (!response.writableFinished) body.cancel();
  });
  response.writeHead(reply.status, reply.headers);
  body.pipeTo(response);
}
