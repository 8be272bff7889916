// Guard of a sink: bounds calls, prefixes errors.
import type { Sink } from '../../sdk/index.js';
import { bounded, labelled, type Guarded } from './bounded.js';

const WRITE_MS = 30_000;
const RECOVER_MS = 10_000;

/** Wraps a sink. */
export function guardSink(guarded: Guarded, sink: Sink): Sink {
  const withdraw = sink.withdraw?.bind(sink);
  const recover = sink.recover?.bind(sink);
  return {
    write: (delivery, outer) =>
      bounded(guarded, { name: 'write', boundMs: WRITE_MS, outer }, (signal) => sink.write(delivery, signal)),
    ...(withdraw && {
      withdraw: (outer) =>
        bounded(guarded, { name: 'withdraw', boundMs: WRITE_MS, outer }, (signal) => withdraw(signal)),
    }),
    ...(recover && {
      recover: (outer) =>
        bounded(guarded, { name: 'recover', boundMs: RECOVER_MS, outer }, (signal) => recover(signal)),
    }),
    start: (signal) => labelled(guarded, () => sink.start?.(signal)),
    stop: (signal) => labelled(guarded, () => sink.stop?.(signal)),
  };
}
