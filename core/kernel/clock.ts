// The system clock behind the `Clock` port: all waits of the process share one timer heap, which runs on the monotonic clock, so that a jump of the
// wall clock neither delays nor hurries them. The only file that calls Date.now, performance.now and setTimeout.
import type { Clock } from '../sdk/index.js';
import { TimerHeap } from './timer-heap.js';

/**
 * Makes the clock of a process. With `unref` its timer does not keep the process alive (a daemon has sockets that do).
 */
export function systemClock(options: { readonly unref?: boolean } = {}): Clock {
  const heap = new TimerHeap({
    now: monotonic,
    wake: (delayMs, task) => {
      const timer = setTimeout(task, delayMs);
      if (options.unref) timer.unref();
      return () => clearTimeout(timer);
    },
  });
  const after = (delayMs: number, task: () => void): (() => void) => heap.schedule(monotonic() + delayMs, task);
  return { now: () => Date.now(), monotonic, after, sleep: (delayMs, signal) => sleepOn(after, delayMs, signal) };
}

const monotonic = (): number => performance.now();

/** `Clock.sleep` in terms of `Clock.after`, for every implementation of the port. */
export function sleepOn(after: Clock['after'], delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const stop = (): void => {
      cancel();
      reject(signal?.reason as Error);
    };
    const cancel = after(delayMs, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
}
