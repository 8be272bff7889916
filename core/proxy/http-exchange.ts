// One HTTP request as an Exchange. Id and abort signal are made only when asked for, so a hit pays for neither.
import type { IncomingMessage } from 'node:http';
import type { Body, Exchange, Notes } from '../contracts/exchange.js';
import { requestId } from '../kernel/ids.js';
import { agentError, type Secret } from '../sdk/index.js';
import { requestBody } from './request-stream.js';

/** What shows that a client has left: its response, or the connection itself. */
export interface Leaving {
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  readonly socket?: { readonly destroyed: boolean } | null;
  once(event: 'close', listener: () => void): unknown;
}

/** The exchange of a request of node:http. */
export class HttpExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  headers: string[];
  body: Body;
  token: Secret | undefined = undefined;
  identity: string | undefined = undefined;
  namespace = '';
  readonly notes: Notes = {};
  cacheKey: string | undefined = undefined;
  sentAt: number | undefined = undefined;
  readonly #response: Leaving;
  #id: string | undefined = undefined;
  #signal: AbortSignal | undefined = undefined;

  constructor(request: IncomingMessage, response: Leaving) {
    const target = originForm(request.url!);
    const mark = target.indexOf('?');
    this.method = request.method!;
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? '' : target.slice(mark + 1);
    this.headers = request.rawHeaders;
    this.body = requestBody(request);
    this.#response = response;
  }

  get id(): string {
    return (this.#id ??= requestId());
  }

  get signal(): AbortSignal {
    return (this.#signal ??= leavingSignal(this.#response));
  }

  set signal(signal: AbortSignal) {
    this.#signal = signal;
  }
}

/**
 * Path and query of a request target. A client may send a whole URL (RFC 9112, 3.2.2): its host is dropped, so that it neither hides a path from the
 * rules nor chooses another host behind the server's address, which would then get the agent's token.
 */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i.exec(target)?.[0];
  if (authority === undefined) return target;
  const rest = target.slice(authority.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Aborted with UPSTREAM_CANCELLED when the connection of a response closes before it was written completely. */
function leavingSignal(response: Leaving): AbortSignal {
  const controller = new AbortController();
  const leave = (): void => {
    if (!response.writableFinished) controller.abort(agentError('UPSTREAM_CANCELLED', {}));
  };
  if (response.destroyed || response.socket?.destroyed === true) leave();
  else response.once('close', leave);
  return controller.signal;
}
