// Health for people and for orchestrators (D-64): `livez` says that the process answers, `readyz` that it can serve, `health` why not. They show
// ids, states and codes of components, no texts, because these endpoints are open.
import type { Handler } from '../contracts/exchange.js';
import { jsonReply, textReply } from '../kernel/local-reply.js';
import { onlyMethods } from './answers.js';

/** One component as the status view tells it. */
export interface ComponentView {
  readonly id: string;
  readonly state: string;
  readonly error?: { readonly code: string } | undefined;
  /** Wall clock, ms. */
  readonly since: number;
}

/** What the running agent tells about itself. */
export interface StatusView {
  components(): readonly ComponentView[];
  /** True when requests can be served: nothing is starting, failed or stopping. */
  ready(): boolean;
}

const TEXT = 'text/plain; charset=utf-8';

/** `livez`: 200 as long as the process answers at all. */
export const livez: Handler = onlyMethods(['GET'], () => textReply(200, TEXT, 'ok\n'));

/** `readyz`: 200 or 503; with `?verbose` one line per component. */
export function readyz(status: StatusView): Handler {
  return onlyMethods(['GET'], (exchange) => {
    const ready = status.ready();
    const verdict = ready ? 'ok\n' : 'not ready\n';
    const verbose = new URLSearchParams(exchange.query).has('verbose');
    const lines = verbose ? status.components().map(lineOf).join('') : '';
    return textReply(ready ? 200 : 503, TEXT, lines + verdict);
  });
}

const lineOf = ({ id, state, error }: ComponentView): string =>
  `${state === 'ok' ? '[+]' : '[-]'}${id} ${state}${error === undefined ? '' : ` ${error.code}`}\n`;

/** `health`: 200 or 503 with all components as JSON. */
export function health(status: StatusView): Handler {
  return onlyMethods(['GET'], () => {
    const ready = status.ready();
    const components = status.components().map(({ id, state, error, since }) => ({
      id,
      state,
      since: new Date(since).toISOString(),
      ...(error === undefined ? {} : { code: error.code }),
    }));
    return jsonReply(ready ? 200 : 503, { ready, components });
  });
}
