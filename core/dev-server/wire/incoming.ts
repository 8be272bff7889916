// What node knows about a request and its peer, in the shapes of this server.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';

const MOST_BYTES = 32 * 1024 * 1024;

/** The whole body as text; undefined beyond 32 MiB. Rejects when the client goes away. */
export async function readAll(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size <= MOST_BYTES) chunks.push(chunk as Buffer);
  }
  return size > MOST_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

/** The peer's address; IPv4-mapped addresses as IPv4. */
export function peerAddress(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
}

/** The peer's certificates as DER, leaf first; empty without TLS or without a certificate. */
export function certificateChain(socket: Socket | TLSSocket): Uint8Array[] {
  if (!('getPeerCertificate' in socket)) return [];
  const chain: Uint8Array[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && !chain.some((known) => next !== undefined && Buffer.from(known).equals(next.raw))) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}
