// Where a request goes: to a local endpoint, or into the pipeline (spec cache 2.3). Paths match exactly; everything unknown is the server's.
import type { Handler, LocalRoute } from '../contracts/exchange.js';
import { errorReply, textReply } from '../kernel/local-reply.js';
import { CODES } from '../sdk/index.js';
import { hasRequestHeader } from './stages/guard.js';

/** What decides. */
export interface RouterOptions {
  /** `/agent/v1` or `/proxy/v1`: the other product's paths are forwarded (L-9). */
  readonly prefix: string;
  readonly role: 'default' | 'metrics_only';
  readonly enableQuit: boolean;
  /** True when the request-header gate covers the control endpoints (D-24, D-75). */
  readonly gateControl: boolean;
  /** Local endpoints by name below the prefix: `metrics`, `cache-clear` ... */
  readonly routes: ReadonlyMap<string, LocalRoute>;
  readonly pipeline: Handler;
}

/** Makes the router of one listener. */
export function createRouter(options: RouterOptions): Handler {
  const local = localHandlers(options);
  const { pipeline } = options;
  if (options.role === 'metrics_only') return (exchange) => (local.get(exchange.path) ?? notFound)(exchange);
  const start = `${options.prefix}/`;
  return (exchange) => {
    if (!exchange.path.startsWith(start)) return pipeline(exchange);
    return (local.get(exchange.path) ?? pipeline)(exchange);
  };
}

function localHandlers(options: RouterOptions): ReadonlyMap<string, Handler> {
  const handlers = new Map<string, Handler>();
  for (const [name, route] of options.routes) {
    if (options.role === 'metrics_only' && name !== 'metrics') continue;
    const handle: Handler = name === 'quit' && !options.enableQuit ? () => errorReply(404) : route.handle;
    handlers.set(`${options.prefix}/${name}`, options.gateControl && route.control ? gated(handle) : handle);
  }
  return handlers;
}

const gated =
  (handle: Handler): Handler =>
  (exchange) =>
    hasRequestHeader(exchange) ? handle(exchange) : errorReply(412, CODES.REQUEST_HEADER_MISSING.text({}));

const notFound: Handler = () => textReply(404, 'text/plain; charset=utf-8', '404 page not found\n');
