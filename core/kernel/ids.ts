// Identifiers of requests and of processes. They are chance, carry no meaning and are no secrets.
import { randomBytes, randomUUID } from 'node:crypto';

/** Id of one request, a UUID. */
export function requestId(): string {
  return randomUUID();
}

/** Id of one process or pipeline: 16 hex digits. */
export function instanceId(): string {
  return randomBytes(8).toString('hex');
}

/** The header that carries the mark of each process a request has passed, against loops (D-62). */
export const HOP_HEADER = 'X-Claviger-Hop';
