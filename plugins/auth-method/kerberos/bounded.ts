// Bounds one piece of network work in time, by the Clock. Knows no protocol.
import type { Clock } from 'claviger/sdk';

/** How long the work may take, and who else may end it. */
export interface Bound {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly boundMs: number;
}

/** Runs `work`, whose signal is aborted after the bound: rejects then with `no answer within N s`, or with the reason of the outer signal. */
export async function bounded<T>(
  { clock, signal, boundMs }: Bound,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const leave = (): void => over.abort(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  const cancel = clock.after(boundMs, () => over.abort(new Error(`no answer within ${String(boundMs / 1000)} s`)));
  const late = new Promise<never>((_, reject) => {
    over.signal.addEventListener('abort', () => reject(over.signal.reason as Error), { once: true });
  });
  try {
    return await Promise.race([work(over.signal), late]);
  } finally {
    cancel();
    signal.removeEventListener('abort', leave);
  }
}
