// Asks one address how it fares: sys/health without a token, whole in memory, bounded. It must not know what follows from the answer.
import { HOP_HEADER } from '../kernel/ids.js';
import type { Clock } from '../sdk/index.js';
import { Attempt } from './attempt.js';
import { verdictOf, type Verdict } from './failover.js';
import type { InFlight } from './in-flight.js';
import type { Transport } from './transport.js';

/** What a question needs. */
export interface HealthParts {
  readonly inFlight: InFlight;
  readonly clock: Clock;
  readonly userAgent: string;
  /** Mark of this process: our own listener refuses the question by it, so that the agent never fails over to itself (D-62). */
  readonly instance: string;
  readonly timeoutMs: number;
}

const MOST_BYTES = 64 * 1024;

/** What the address says of itself, or why it says nothing. Never throws. */
export async function askHealth(
  transport: Transport,
  parts: HealthParts,
): Promise<Verdict | { readonly silent: string }> {
  const { inFlight, clock, timeoutMs } = parts;
  const attempt = new Attempt(transport.address, (ended) => inFlight.remove(ended));
  inFlight.add({ attempt, deadline: clock.now() + timeoutMs, timeoutMs, source: {} });
  const headers = ['X-Vault-Request', 'true', 'User-Agent', parts.userAgent, 'Accept', 'application/json'];
  headers.push(HOP_HEADER, parts.instance);
  transport.dispatch({ method: 'GET', path: `${transport.basePath}/v1/sys/health`, headers, body: null }, attempt, {});
  const failure = await attempt.head;
  if (failure !== undefined) return { silent: failure.error.message };
  const bytes = await attempt.collect(MOST_BYTES).catch((error: Error) => error);
  if (bytes instanceof Error) return { silent: bytes.message };
  if (bytes === undefined) attempt.cancel();
  return verdictOf(attempt.status, parsed(bytes));
}

function parsed(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
