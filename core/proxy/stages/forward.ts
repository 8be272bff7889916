// Stage 10: hands the request to the client of the server. It marks each request with this process, and refuses one that has already passed here:
// an agent whose `vault.address` points back at its own listener would otherwise call itself for ever (D-62). The mark is a header of its own,
// looked for only on requests that leave, so hits pay nothing; agents in a row each add theirs.
import type { Exchange, Forward, Reply, Stage } from '../../contracts/exchange.js';
import { HOP_HEADER } from '../../kernel/ids.js';
import { headerOf } from '../../kernel/raw-headers.js';
import type { Clock, Logger } from '../../sdk/index.js';
import { refuseLoop } from '../own-mark.js';

const SMALL_BODY_BYTES = 1024 * 1024;

/** What the stage needs. `instance` is the mark of this process. */
export interface ForwardOptions {
  readonly send: Forward;
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes the stage. It notes when the request was sent. Throws REQUEST_LOOP, and what `send` throws. */
export function forwardStage({ send, instance, clock, log }: ForwardOptions): Stage {
  const sent = (exchange: Exchange): Promise<Reply> => {
    exchange.sentAt = clock.now();
    return send(exchange);
  };
  return function forward(exchange) {
    refuseLoop(exchange.headers, instance);
    exchange.headers = [...exchange.headers, HOP_HEADER, instance];
    if (log.enabled?.('debug') ?? true)
      log.debug({ method: exchange.method, path: exchange.path }, 'forwarding request to the server');
    const small = smallBody(exchange);
    return small === undefined ? sent(exchange) : small.then(() => sent(exchange));
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
