// One question to a RADIUS server over UDP: sent again until an answer that was made with the shared secret comes, or time is up. Knows no user.
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Clock } from '../../sdk/index.js';
import { answerCode, requestPacket } from './radius-packet.js';
import type { AccessRequest } from './radius-packet.js';

/** Whom to ask, and how patiently. */
export interface RadiusTarget {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const AGAIN_MS = 1_000;

/** The code of the answer. Rejects with a plain Error: `context deadline exceeded` when nobody answers, or what the system says. */
export async function askRadius(target: RadiusTarget, request: AccessRequest): Promise<number> {
  const identity = { id: randomBytes(1).readUInt8(), authenticator: randomBytes(16) };
  const packet = requestPacket(request, identity, target.secret);
  const socket = createSocket(target.host.includes(':') ? 'udp6' : 'udp4');
  let cancel = (): void => undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      // an answer that does not verify is as good as none: anybody can send a datagram
      socket.on('message', (bytes) => {
        const code = answerCode(bytes, identity, target.secret);
        if (code !== undefined) resolve(code);
      });
      socket.on('error', reject);
      const late = target.clock.after(target.timeoutMs, () => reject(new Error('context deadline exceeded')));
      let again = (): void => undefined;
      const send = (): void => {
        socket.send(packet, (error) => error && reject(error));
        again = target.clock.after(AGAIN_MS, send);
      };
      cancel = () => (late(), again());
      socket.connect(target.port, target.host, send);
    });
  } finally {
    cancel();
    socket.close();
  }
}
