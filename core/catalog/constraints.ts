// How many plugins of a kind a plan may hold.
import type { Kind } from '../sdk/index.js';

/** Bounds per kind; `default` is used when the configuration names none. */
export interface Constraint {
  readonly min: number;
  readonly max: number;
  readonly default?: string;
}

/** Cardinality of each kind within one agent; auth methods and sinks count per identity. */
export const CONSTRAINTS: Readonly<Record<Kind, Constraint>> = {
  'auth-method': { min: 0, max: 1 },
  sink: { min: 0, max: Infinity },
  'cache-store': { min: 1, max: 1, default: 'memory' },
  listener: { min: 0, max: Infinity },
  'request-hasher': { min: 1, max: 1, default: 'canonical' },
};
