// The answer of auth/token/lookup-self -> what the cache must know of a token. Pure and total.
import { fieldsOf, textOf } from '../envelope.js';

/** What is known of a live token. */
export interface TokenFacts {
  /** True when its uses are counted. */
  readonly limited: boolean;
  readonly accessor: string;
  readonly orphan: boolean;
  /** Remaining life in ms; 0 when it does not expire. */
  readonly ttlMs: number;
}

/** Facts of a token, or undefined when the answer proves no life: alive means 200 and a positive ttl, or a token that does not expire. */
export function tokenFactsOf(body: unknown): TokenFacts | undefined {
  const data = fieldsOf(fieldsOf(body)?.data);
  if (data === undefined) return undefined;
  const ttl = typeof data.ttl === 'number' && Number.isFinite(data.ttl) ? data.ttl : 0;
  const endless = data.expire_time === null || data.expire_time === undefined;
  if (ttl <= 0 && !endless) return undefined;
  return {
    limited: typeof data.num_uses !== 'number' || data.num_uses !== 0,
    accessor: textOf(data.accessor),
    orphan: data.orphan === true,
    ttlMs: Math.max(0, ttl) * 1000,
  };
}
