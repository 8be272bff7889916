// Revoking tokens with themselves, and the proof that a token is dead. It must not know whose tokens they are.
import { agentError, describeError, type AgentError, type Clock, type Secret, type Vault } from '../sdk/index.js';
import { errorsOf, type Grant } from './grant.js';
import { serverWords } from './server-words.js';

/** Whom to ask, and for how long. */
export interface RevokeParts {
  readonly vault: Vault;
  readonly namespace: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const MOST_TRIES = 3;
const PAUSE_MS = 500;

/**
 * True when the server says that no such token lives. `sys/internal/ui/mounts` answers 200 to every living token and spends no use (corrections,
 * server). Throws what the client throws without an answer.
 */
export async function isDead(parts: Omit<RevokeParts, 'clock'>, token: Secret): Promise<boolean> {
  const { vault, namespace, signal } = parts;
  const { status } = await vault.request('GET', 'sys/internal/ui/mounts', { token, namespace, signal });
  return status === 403;
}

/** False for what needs no revocation or cannot have one: wrapped for others, batch tokens (they end with their parent), and what is over. `endsAt` is 0 without an end. */
export function isRevocable({ form, kind }: Pick<Grant, 'form' | 'kind'>, endsAt: number, now: number): boolean {
  return form === 'plain' && kind !== 'batch' && (endsAt === 0 || now < endsAt);
}

/**
 * Revokes a token with itself; three tries when the server cannot answer. Undefined when it is dead afterwards, also when it was before; otherwise
 * AUTH_REVOKE_FAILED. Never throws. `what` is whose token it is, for the message.
 */
export async function revokeToken(parts: RevokeParts, token: Secret, what: string): Promise<AgentError | undefined> {
  for (let tries = 1; ; tries++) {
    const { why, again } = await revokeOnce(parts, token);
    if (why === undefined) return undefined;
    if (!again || tries === MOST_TRIES || parts.signal.aborted) return agentError('AUTH_REVOKE_FAILED', { what, why });
    await parts.clock.sleep(PAUSE_MS * tries, parts.signal).catch(() => undefined);
  }
}

interface Attempt {
  /** Undefined: the token is dead. */
  readonly why?: string;
  /** Another try may end better. */
  readonly again?: boolean;
}

async function revokeOnce(parts: RevokeParts, token: Secret): Promise<Attempt> {
  const { vault, namespace, signal } = parts;
  if (signal.aborted) return { why: 'there was no time left' };
  try {
    const answer = await vault.request('PUT', 'auth/token/revoke-self', { token, namespace, signal });
    if (answer.status < 400 || (answer.status === 403 && (await isDead(parts, token)))) return {};
    const words = serverWords(errorsOf(answer), [token.reveal()]);
    const again = answer.status === 429 || answer.status >= 500;
    return { why: `the server answered ${String(answer.status)} ${words}`.trimEnd(), again };
  } catch (error) {
    return signal.aborted ? { why: 'there was no time left' } : { why: describeError(error), again: true };
  }
}
