// Stage 6: a 403 that proves the token of the identity dead leads to one shared login, and safe requests are sent once more (R-6, D-22, D-64). Never
// for a client's own token, never a loop, never a wait beyond the bound: then the 403 is the answer.
import type { Exchange, Reply } from '../../contracts/exchange.js';
import type { Identity, TokenState } from '../../contracts/token-feed.js';
import type { Clock, Logger, Secret } from '../../sdk/index.js';
import type { Repeater } from '../compose.js';
import { drop } from '../buffered.js';
import type { TokenProof } from '../token-proof.js';
import { isUsable } from '../usable-token.js';

/** What the stage needs. */
export interface HealOptions {
  readonly identity: Identity;
  readonly proof: TokenProof;
  /** How long a request may wait for proof and login together. */
  readonly tokenWaitMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'LIST', 'SCAN']);
/** A refusal is short; a longer one is relayed as it is. */
const LARGEST_REFUSAL = 64 * 1024;

/** Tokens proven dead for whose successor somebody waits just now: who is refused meanwhile needs no proof of its own. */
class Mourned {
  readonly #waiting = new Map<Secret, number>();

  has(token: Secret): boolean {
    return this.#waiting.has(token);
  }

  async during(token: Secret, work: Promise<unknown>): Promise<void> {
    this.#waiting.set(token, (this.#waiting.get(token) ?? 0) + 1);
    try {
      await work;
    } finally {
      const left = this.#waiting.get(token)! - 1;
      if (left === 0) this.#waiting.delete(token);
      else this.#waiting.set(token, left);
    }
  }
}

interface Healer extends HealOptions {
  readonly mourned: Mourned;
}

interface Refused {
  readonly exchange: Exchange;
  readonly reply: Reply;
  /** The token that was refused, and the headers before later stages changed them. */
  readonly token: Secret;
  readonly headers: string[];
  readonly again: () => Reply | Promise<Reply>;
}

/** Makes the stage. */
export function healStage(options: HealOptions): Repeater {
  const healer: Healer = { ...options, mourned: new Mourned() };
  return {
    repeat: function heal(exchange, next, again) {
      const { token, headers } = exchange;
      const reply = next();
      if (!(reply instanceof Promise) || token === undefined || exchange.identity === undefined) return reply;
      return reply.then((late) =>
        late.status === 403 ? healed(healer, { exchange, reply: late, token, headers, again }) : late,
      );
    },
  };
}

async function healed(options: Healer, refused: Refused): Promise<Reply> {
  const { exchange, token, again } = refused;
  const { feed } = options.identity;
  const reply = await held(refused.reply);
  if (feed.current?.token === token) await inTime(options, exchange, (signal) => login(options, token, signal));
  const state = feed.current;
  if (state === undefined || state.token === token || !isUsable(state, options.clock)) return reply;
  if (!SAFE.has(exchange.method) || !(exchange.body instanceof Uint8Array)) return reply;
  drop(reply);
  options.log.debug({ method: exchange.method, path: exchange.path }, 'sending a request again with the new token');
  rewind(exchange, state, refused.headers);
  return again();
}

/** Proves that the token is dead; if it is, waits for the next one. */
async function login({ identity, proof, mourned, log }: Healer, token: Secret, signal: AbortSignal): Promise<void> {
  if (!mourned.has(token) && (await proof(token)) !== 'dead') return;
  const state = identity.feed.current;
  if (signal.aborted || state?.token !== token) return;
  log.debug({ identity: identity.name }, 'the server refuses the token of the identity, logging in anew');
  await mourned.during(token, identity.reauthenticate(state.sequence, signal));
}

/** Resolves when `work` has ended, however it did, when the bound is over, or when the client has left. */
function inTime(
  { clock, tokenWaitMs }: HealOptions,
  exchange: Exchange,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const client = exchange.signal;
  const giveUp = new AbortController();
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      client.removeEventListener('abort', end);
      giveUp.abort();
      resolve();
    };
    const cancel = clock.after(tokenWaitMs, end);
    client.addEventListener('abort', end);
    if (client.aborted) end();
    else work(giveUp.signal).then(end, end);
  });
}

// In memory, so that it does not wait on an open connection, which has a bound of its own.
async function held(reply: Reply): Promise<Reply> {
  if (reply.body instanceof Uint8Array) return reply;
  const body = await reply.body.collect(LARGEST_REFUSAL);
  return body === undefined ? reply : { ...reply, body };
}

/** The exchange as it was before the later stages saw it, with another token. */
function rewind(exchange: Exchange, state: TokenState, headers: string[]): void {
  exchange.headers = headers;
  exchange.token = state.token;
  exchange.identity = state.identity;
  exchange.cacheKey = undefined;
  exchange.sentAt = undefined;
  delete exchange.notes.cache;
  delete exchange.notes.why;
  delete exchange.notes.ageMs;
}
