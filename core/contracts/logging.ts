// The root of all loggers. Names are joined by dots as in the reference: agent.auth.handler, agent.cache.leasecache (spec config 2.3).
import type { Logger } from '../sdk/index.js';

/** Makes named loggers. */
export interface LogRoot {
  named(name: string): Logger;
}
