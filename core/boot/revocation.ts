// `revoke_on_shutdown` as one part of the agent that does its work when it is stopped: all identities at once, within one bound.
import type { RunningIdentity } from '../auto-auth/identity.js';
import type { AgentConfig } from '../contracts/agent-config.js';
import type { Clock } from '../sdk/index.js';
import type { Living } from './lifecycle.js';

/** All of it: sinks, child tokens, tokens. */
const BOUND_MS = 5_000;

/** The part; undefined when no identity asks for it. Start it before whatever uses the tokens, so that it is stopped after them. */
export function revocationOf(
  { identities: configs }: AgentConfig,
  identities: readonly RunningIdentity[],
  clock: Clock,
): Living | undefined {
  if (!configs.some(({ revokeOnShutdown }) => revokeOnShutdown)) return undefined;
  return {
    id: 'revocation',
    label: 'revocation of tokens',
    leastStopMs: BOUND_MS + 1_000,
    stop: (outer) =>
      within(clock, outer, async (signal) => {
        await Promise.all(identities.map((identity) => identity.revoke(signal)));
      }),
  };
}

async function within(clock: Clock, outer: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const bound = new AbortController();
  const end = (): void => bound.abort();
  const cancel = clock.after(BOUND_MS, end);
  outer.addEventListener('abort', end, { once: true });
  try {
    await work(bound.signal);
  } finally {
    cancel();
    outer.removeEventListener('abort', end);
  }
}
