// Guard of a listener: bounds `bind`, prefixes errors.
import type { Listener } from '../../sdk/index.js';
import { bounded, labelled, named, type Guarded } from './bounded.js';

const BIND_MS = 10_000;

/** Wraps a listener. */
export function guardListener(guarded: Guarded, listener: Listener): Listener {
  return {
    bind: async (serve) => {
      const bound = await bounded(guarded, { name: 'bind', boundMs: BIND_MS }, () => listener.bind(serve));
      const reload = bound.reload?.bind(bound);
      return {
        url: bound.url,
        close: (graceMs) => bound.close(graceMs),
        ...(reload && {
          reload: () => reload().catch((error: unknown) => Promise.reject(named(guarded.label, error) as Error)),
        }),
      };
    },
    start: (signal) => labelled(guarded, () => listener.start?.(signal)),
    stop: (signal) => labelled(guarded, () => listener.stop?.(signal)),
  };
}
