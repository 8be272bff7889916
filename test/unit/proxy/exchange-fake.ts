// Exchanges for tests of single stages, and a `next` that tells what it saw.
import type { Exchange, Reply } from '../../../core/contracts/exchange.js';
import { errorReply } from '../../../core/kernel/local-reply.js';

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
