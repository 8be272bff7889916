// Whether a request to the server is sent again, and when (spec cache U-8, corrections "Retries of the client", D-29). Pure.
import type { FailureKind } from './failure.js';
import type { Random } from './lifetime.js';

/** What came of one attempt: an answer, or none. */
export type Outcome =
  { readonly status: number; readonly retryAfterMs: number | undefined } | { readonly failure: FailureKind };

/** What the decision depends on. Attempts count from 1. */
export interface RetryInput {
  readonly method: string;
  /** Path with or without the leading `/v1/`, without the query. */
  readonly path: string;
  /** False when the body was a stream: it cannot be read twice. */
  readonly replayable: boolean;
  readonly outcome: Outcome;
  readonly attempt: number;
  /** How often it may be sent again. */
  readonly retries: number;
  /** What is left of the bound of the whole request, ms. */
  readonly leftMs: number;
}

const SAFE = new Set(['GET', 'LIST', 'SCAN']);
const STATE = /(?:^|\/)sys\/(?:health|seal-status|leader)\/?$/;
const ISSUING = /^\/?(?:v1\/)?.+\/(?:creds|sts|token|key|issue|sign|session|access_token|credentials?)(?:\/|$)/;
const HARMLESS = /(?:^|\/)(?:auth\/token|data|metadata|sys)\//;

/** True for reads that may make the server issue a lease: sending one twice may issue two. Named by the shapes of the known engines. */
export function mayIssue(method: string, path: string): boolean {
  return method === 'GET' && ISSUING.test(path) && !HARMLESS.test(path);
}

/** The wait before the next attempt in ms, or undefined when what came is final. */
export function retryDelay(input: RetryInput, random: Random): number | undefined {
  if (input.attempt > input.retries || !input.replayable || STATE.test(input.path)) return undefined;
  if (!worthRetrying(input)) return undefined;
  const told = 'status' in input.outcome ? input.outcome.retryAfterMs : undefined;
  const delayMs = told ?? input.attempt * (1000 + 500 * random());
  return delayMs < input.leftMs ? delayMs : undefined;
}

function worthRetrying({ method, path, outcome }: RetryInput): boolean {
  const repeatable = SAFE.has(method) && !mayIssue(method, path);
  if ('failure' in outcome) return outcome.failure === 'unsent' || (outcome.failure === 'lost' && repeatable);
  const { status } = outcome;
  if (status === 412 || status === 429) return true;
  if (status === 503 && outcome.retryAfterMs !== undefined) return true;
  return status >= 500 && status < 600 && status !== 501 && repeatable;
}

/** `Retry-After` in ms: whole seconds or a date; undefined when it says nothing usable. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined || value.trim() === '') return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
