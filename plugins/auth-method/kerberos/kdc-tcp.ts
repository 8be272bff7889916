// One question to a KDC over TCP: four bytes of length, then the message (RFC 4120, 7.2.2). Ends with its signal.
import { connect, type Socket } from 'node:net';
import type { KdcAddress } from './kdc-address.js';

const MAX_BYTES = 1024 * 1024;

/** The whole answer. Rejects with a system error, an Error in words, or the signal's reason. */
export function askTcp({ host, port }: KdcAddress, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  const socket = connect({ host, port });
  const leave = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  socket.write(Buffer.concat([lengthOf(message), message]));
  return answerOf(socket).finally(() => {
    signal.removeEventListener('abort', leave);
    socket.destroy();
  });
}

function lengthOf(message: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(message.length);
  return bytes;
}

function answerOf(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let all = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      all = Buffer.concat([all, chunk]);
      const size = all.length < 4 ? 0 : all.readUInt32BE(0);
      if (size > MAX_BYTES) reject(new Error('what listens there does not speak Kerberos'));
      else if (all.length >= 4 && all.length >= 4 + size) resolve(all.subarray(4, 4 + size));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('it closed the connection before its answer was whole')));
  });
}
