// The edge between node:http and the pipeline: request -> Exchange, Reply -> response, error -> answer. A synchronous answer is written in the
// same turn.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CompatConfig } from '../contracts/agent-config.js';
import type { Exchange, Handler, Reply } from '../contracts/exchange.js';
import type { Metrics } from '../contracts/metrics.js';
import { AgentError, type Logger, type Serve } from '../sdk/index.js';
import type { BodyBudget } from './body-budget.js';
import { replyForError } from './error-reply.js';
import type { Front } from './front/front.js';
import { HttpExchange } from './http-exchange.js';
import { writeReply } from './write-reply.js';

/** What the edge needs. */
export interface EdgeOptions {
  readonly handler: Handler;
  readonly upstreamErrors: CompatConfig['upstreamErrors'];
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Room that a request took in it is given back when its answer has been written. */
  readonly budget: BodyBudget;
  /** Remembers hits and answers them the next time. */
  readonly front?: Front | undefined;
}

/** Makes what a listener serves. It never throws: every request gets an answer, or its client has left. */
export function createEdge({ handler, upstreamErrors, metrics, log, front, budget }: EdgeOptions): Serve {
  const failures = metrics.series('agent.proxy.error');
  const debug = (): boolean => log.enabled?.('debug') ?? true;
  const settle = (exchange: Exchange, response: ServerResponse): void => {
    if (!budget.holds(exchange)) return;
    if (response.destroyed) budget.release(exchange);
    else response.once('close', () => budget.release(exchange));
  };
  // true when the answer was one that HTTP can carry
  const send = (exchange: Exchange, response: ServerResponse, reply: Reply): boolean => {
    try {
      writeReply(reply, response);
      return true;
    } catch (error) {
      // a header of the server that HTTP cannot carry
      if (!(reply.body instanceof Uint8Array)) reply.body.cancel();
      report(log, exchange, error);
      if (response.headersSent) response.destroy();
      else writeReply(replyForError(error, exchange, upstreamErrors), response);
      return false;
    } finally {
      settle(exchange, response);
    }
  };
  const fail = (exchange: Exchange, response: ServerResponse, error: unknown): void => {
    const code = error instanceof AgentError ? error.code : '';
    if (code !== 'UPSTREAM_CANCELLED') report(log, exchange, error);
    if (!code.startsWith('REQUEST_') && code !== 'UPSTREAM_CANCELLED') failures.add();
    if (!(exchange.body instanceof Uint8Array)) exchange.body.cancel();
    writeReply(replyForError(error, exchange, upstreamErrors), response);
    settle(exchange, response);
  };
  return {
    front: front && ((bytes, lines) => front.answer(bytes, lines)),
    request(request: IncomingMessage, response: ServerResponse, alone?: Buffer): void {
      const exchange = new HttpExchange(request, response);
      if (debug()) log.debug({ method: exchange.method, path: exchange.path }, 'received request');
      try {
        const reply = handler(exchange);
        if (!(reply instanceof Promise)) {
          const sent = send(exchange, response, reply);
          if (sent && alone !== undefined) front?.offer(alone, request.rawHeaders, { exchange, reply });
          return;
        }
        reply.then(
          (late) => void send(exchange, response, late),
          (error: unknown) => fail(exchange, response, error),
        );
      } catch (error) {
        fail(exchange, response, error);
      }
    },
  };
}

function report(log: Logger, exchange: Exchange, error: unknown): void {
  const fields = { id: exchange.id, method: exchange.method, path: exchange.path, error };
  if (!(error instanceof AgentError) || error.act === 'report-bug')
    return log.error(fields, 'a request failed because of a defect');
  if (error.code.startsWith('REQUEST_')) return log.debug(fields, 'request refused');
  log.warn(fields, 'failed to get the response');
}
