// One question to a KDC over UDP (RFC 4120, 7.2.1), sent again each second until the signal ends it.
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Clock } from 'claviger/sdk';
import type { KdcAddress } from './kdc-address.js';

const RESEND_MS = 1_000;

/** The first datagram that comes back from the KDC. Rejects with a system error or the signal's reason. */
export async function askUdp(
  { host, port }: KdcAddress,
  message: Buffer,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Buffer> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const over = new AbortController();
  const leave = (): void => over.abort(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    const answer = answerOf(socket, over.signal);
    // A connected socket hears when nobody listens, and hears nobody else.
    socket.connect(port, host, () => void sendAgain(socket, message, { clock, signal: over.signal }));
    if (signal.aborted) leave();
    return await answer;
  } finally {
    signal.removeEventListener('abort', leave);
    over.abort(new Error('over'));
    socket.close();
  }
}

function answerOf(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('message', resolve);
    socket.on('error', reject);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function sendAgain(
  socket: Socket,
  message: Buffer,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    socket.send(message);
    await clock.sleep(RESEND_MS, signal).catch(() => undefined);
  }
}
