// Exchanges for tests of single stages, and a `next` that tells what it saw.
import type { ByteStream, Exchange, Reply } from '../../../core/contracts/exchange.js';
import { errorReply } from '../../../core/kernel/local-reply.js';
import { headerOf } from '../../../core/kernel/raw-headers.js';

export function exchange(more: Partial<Exchange> = {}): Exchange {
  return {
    id: 'id',
    method: 'GET',
    path: '/v1/secret/data/a',
    query: '',
    headers: [],
    body: new Uint8Array(0),
    signal: new AbortController().signal,
    token: undefined,
    identity: undefined,
    namespace: '',
    notes: {},
    ...more,
  };
}

export const answered = (): Reply => errorReply(204);

export const textOf = (reply: Reply): string => Buffer.from(reply.body as Uint8Array).toString();

/** A body that streams, in memory; `canceled` tells whether it was given up. */
export class StreamFake implements ByteStream {
  canceled = false;
  readonly asked: number[] = [];

  constructor(readonly bytes: Uint8Array) {}

  collect(limit: number): Promise<Uint8Array | undefined> {
    this.asked.push(limit);
    return Promise.resolve(this.bytes.length > limit ? undefined : this.bytes);
  }

  pipeTo(): void {
    throw new Error('not in this test');
  }

  cancel(): void {
    this.canceled = true;
  }
}

/** A promise that the test settles. */
export function later<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => ((resolve = yes), (reject = no)));
  return { promise, resolve, reject };
}

export const header = (reply: Reply, name: string): string | undefined => headerOf(reply.headers, name.toLowerCase());
