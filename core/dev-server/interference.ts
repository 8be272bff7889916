// Trouble on demand, so that tests can see how a client bears it: failing, slow, silent and broken connections. Knows no endpoint.
import type { Clock } from '../sdk/index.js';
import type { RequestRecord } from './request-log.js';
import { errorAnswer } from './wire/answer.js';
import type { Answer } from './wire/answer.js';

/** Headers of an answer that a test makes up. */
export type CannedHeaders = Readonly<Record<string, string>>;

/**
 * What happens instead of the usual answer: an error, an answer to the byte, silence, a cut connection; `lose` does the work and then cuts
 * the connection, `delay` answers late by the server's clock.
 */
export type Trouble =
  | {
      readonly kind: 'fail';
      readonly status: number;
      readonly errors?: readonly string[];
      readonly headers?: CannedHeaders;
    }
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly headers?: CannedHeaders }
  | { readonly kind: 'hang' }
  | { readonly kind: 'close' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'delay'; readonly delayMs: number };

/** When trouble happens. */
export interface Injection {
  readonly trouble: Trouble;
  /** For how many matching requests; default 1. */
  readonly times?: number;
  /** Which requests; default all. */
  readonly when?: (request: RequestRecord) => boolean;
}

interface Pending {
  readonly injection: Injection;
  left: number;
}

/** The injections of a server that wait for their requests. */
export class Interference {
  #pending: Pending[] = [];

  /** Adds trouble; the result takes it back. */
  add(injection: Injection): () => void {
    const pending = { injection, left: injection.times ?? 1 };
    this.#pending.push(pending);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== pending);
    };
  }

  /** The trouble for a request; counts it. */
  next(request: RequestRecord): Trouble | undefined {
    const hit = this.#pending.find(({ injection }) => injection.when?.(request) ?? true);
    if (hit === undefined) return undefined;
    hit.left -= 1;
    if (hit.left <= 0) this.#pending = this.#pending.filter((other) => other !== hit);
    return hit.injection.trouble;
  }
}

/** The answer of trouble that is one. */
export function cannedAnswer(trouble: Trouble): Answer | undefined {
  if (trouble.kind !== 'fail' && trouble.kind !== 'answer') return undefined;
  const headers = trouble.headers ?? {};
  if (trouble.kind === 'fail') return { ...errorAnswer(trouble.status, ...(trouble.errors ?? [])), headers };
  return { status: trouble.status, contentType: 'application/json', body: trouble.body, headers };
}

/** Waits out a delay on the server's clock; rejects when the server is closed meanwhile. */
export async function endure(clock: Clock, trouble: Trouble | undefined, closing: AbortSignal): Promise<void> {
  if (trouble?.kind === 'delay') await clock.sleep(trouble.delayMs, closing);
}
