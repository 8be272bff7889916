// The mark of this process on what it sends. A request that comes with it has gone round (D-62): it is refused before it leaves again, and before it
// waits for an equal one, which would be waiting for it.
import { HOP_HEADER } from '../kernel/ids.js';
import { headersOf } from '../kernel/raw-headers.js';
import { agentError, type RawHeaders } from '../sdk/index.js';

const LOWER = HOP_HEADER.toLowerCase();

/** Throws REQUEST_LOOP when the request has passed this process before. */
export function refuseLoop(headers: RawHeaders, instance: string): void {
  if (headersOf(headers, LOWER).includes(instance)) throw agentError('REQUEST_LOOP', {});
}
