// The limit of accepted connections, and one word about it a minute. It must not know what is served.
import type { Server } from 'node:net';
import type { Clock } from '../host.js';

const QUIET_MS = 60_000;

/** Whom to tell, and whose minute counts. */
export interface FullListener {
  readonly clock?: Clock | undefined;
  readonly onFull?: ((count: number, limit: number) => void) | undefined;
}

/** Closes connections above `limit` as soon as they are accepted (node does); 0 means no limit. */
export function limitConnections(node: Server, limit: number, { clock, onFull }: FullListener): void {
  if (limit <= 0) return;
  node.maxConnections = limit;
  const now = (): number => clock?.now() ?? performance.now();
  let told = -Infinity;
  let count = 0;
  node.on('drop', () => {
    count += 1;
    if (now() - told < QUIET_MS) return;
    told = now();
    onFull?.(count, limit);
    count = 0;
  });
}
