// What the doubles of Azure, Entra and Google share: a server on a free loopback port, whole requests, scripted trouble. It knows no service.
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer. Objects become JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What happens to a request instead of its answer: another answer, or none at all. */
export type Trouble = Answer | 'silence' | 'reset';

/** An HTML page as proxies and portals answer. */
export const htmlPage = (status: number): Answer => ({
  status,
  body: '<html><body>Service Unavailable</body></html>',
  headers: { 'Content-Type': 'text/html' },
});

/** A server that answers by a function and keeps what was asked. */
export class Loopback {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  #troubles: Trouble[] = [];
  #url = '';

  constructor(answer: (asked: Asked) => Answer) {
    this.#server = createServer((request, response) => {
      void this.#serve(request, response, answer);
    });
  }

  get url(): string {
    return this.#url;
  }

  /** Host and port. */
  get host(): string {
    return new URL(this.#url).host;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.#url = `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** The next requests meet these, one each. */
  trouble(...troubles: Trouble[]): void {
    this.#troubles.push(...troubles);
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.asked.filter(({ url }) => url.pathname === path).length;
  }

  async #serve(request: IncomingMessage, response: ServerResponse, answer: (asked: Asked) => Answer): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? '/', this.#url);
    const asked = { method: request.method ?? '', url, headers: request.headers, body };
    this.asked.push(asked);
    const trouble = this.#troubles.shift();
    if (trouble === 'silence') return;
    if (trouble === 'reset') return void response.destroy();
    send(response, trouble ?? answer(asked));
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  response.writeHead(status, { 'Content-Type': type, ...headers }).end(text);
}
