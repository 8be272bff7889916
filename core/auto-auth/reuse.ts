// What earlier runs left in sinks with `reuse = true` (issue 5). It must not know whether it still lives; the server says that.
import { describeError, type Logger, type Secret } from '../sdk/index.js';
import type { SinkSlot } from './sink-loop.js';

/** What was found in one sink. */
export interface Found {
  readonly id: string;
  readonly token: Secret;
}

const TOKEN = /^[\x21-\x7e]{1,16384}$/;

/** Asks all of them at once; the order is theirs. What is not to be had, or cannot be a token, is told and left out. Never throws. */
export async function findTokens(slots: readonly SinkSlot[], log: Logger, signal: AbortSignal): Promise<Found[]> {
  const asked = slots.filter(({ config }) => config.reuse).map((slot) => findIn(slot, log, signal));
  return (await Promise.all(asked)).filter((found) => found !== undefined);
}

async function findIn({ id, sink }: SinkSlot, log: Logger, signal: AbortSignal): Promise<Found | undefined> {
  try {
    const token = await sink.recover?.(signal);
    if (token === undefined || token.length === 0) return undefined;
    if (TOKEN.test(token.reveal())) return { id, token };
    log.warn({ sink: id }, 'what the sink holds cannot be a token, it is not reused');
  } catch (error) {
    if (!signal.aborted) log.warn({ sink: id, error: describeError(error) }, 'the sink could not be read back');
  }
  return undefined;
}

/** The tokens to offer, in order and each once. Pure. */
export function distinct(tokens: readonly Secret[]): Secret[] {
  return tokens.filter((token, index) => tokens.findIndex((other) => other.equals(token)) === index);
}
