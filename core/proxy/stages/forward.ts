// Stage 10: hands the request to the client of the server. It marks each request with this process, and refuses one that has already passed here:
// an agent whose `vault.address` points back at its own listener would otherwise call itself for ever (D-62). The mark is a header of its own,
// looked for only on requests that leave, so hits pay nothing; agents in a row each add theirs.
import type { Exchange, Forward, Stage } from '../../contracts/exchange.js';
import { headerOf, headersOf } from '../../kernel/raw-headers.js';
import { agentError, type Logger } from '../../sdk/index.js';

const MARK = 'X-Claviger-Hop';
const SMALL_BODY_BYTES = 1024 * 1024;

/** Makes the stage. Throws REQUEST_LOOP, and what `send` throws. */
export function forwardStage(send: Forward, instance: string, log: Logger): Stage {
  const lower = MARK.toLowerCase();
  return function forward(exchange) {
    if (headersOf(exchange.headers, lower).includes(instance)) throw agentError('REQUEST_LOOP', {});
    exchange.headers = [...exchange.headers, MARK, instance];
    if (log.enabled?.('debug') ?? true)
      log.debug({ method: exchange.method, path: exchange.path }, 'forwarding request to the server');
    const small = smallBody(exchange);
    return small === undefined ? send(exchange) : small.then(() => send(exchange));
  };
}

// A short body of known length is taken into memory, so that the request can be repeated and can follow a standby's redirect.
function smallBody(exchange: Exchange): Promise<void> | undefined {
  const { body } = exchange;
  if (body instanceof Uint8Array) return undefined;
  const length = Number(headerOf(exchange.headers, 'content-length') ?? Infinity);
  if (!(length <= SMALL_BODY_BYTES)) return undefined;
  return body.collect(SMALL_BODY_BYTES).then((bytes) => void (bytes !== undefined && (exchange.body = bytes)));
}
