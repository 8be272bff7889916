// Small parts that the local endpoints share.
import type { Exchange, Handler, Reply } from '../contracts/exchange.js';
import { errorReply } from '../kernel/local-reply.js';

/** Longest body of a local endpoint. */
export const LOCAL_BODY_BYTES = 1024 * 1024;

/** Only these methods; 405 in Vault's error shape for others (spec cache 2.6, D-33). HEAD goes where GET goes. */
export function onlyMethods(methods: readonly string[], handle: Handler): Handler {
  return (exchange) => {
    const method = exchange.method === 'HEAD' ? 'GET' : exchange.method;
    if (methods.includes(method)) return handle(exchange);
    const reply: Reply = errorReply(405);
    reply.headers.push('Allow', methods.join(', '));
    return reply;
  };
}

/** The body of a request in memory, or undefined when it is too long. */
export async function bodyOf(exchange: Exchange): Promise<Uint8Array | undefined> {
  return exchange.body instanceof Uint8Array ? exchange.body : exchange.body.collect(LOCAL_BODY_BYTES);
}
