// What the doubles share: an HTTP(S) server on a free port of loopback that is closed afterwards, bodies as text, answers as JSON. Knows no protocol above.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request as it came. Header names are lower-case. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What to answer: an object is sent as JSON, a text as it is. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ways to go wrong, for any double. `silent` never answers. */
export type Trouble = 'html' | 'error' | 'redirect' | 'silent' | 'cut' | 'huge';

/** How to listen. */
export interface DoubleOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly answer: (asked: Asked) => Reply | Promise<Reply>;
}

/** A listening double. */
export class HttpDouble {
  /** When set, every request meets it. */
  trouble: Trouble | undefined;
  /** Number of requests, those in trouble included. */
  requests = 0;
  readonly #server: Server;
  readonly #scheme: string;
  readonly #answer: DoubleOptions['answer'];

  constructor({ tls, answer }: DoubleOptions) {
    this.#answer = answer;
    const listen: RequestListener = (request, response) => void this.#serve(request, response);
    this.#server = tls === undefined ? createServer(listen) : createSecureServer({ ...tls }, listen);
    this.#scheme = tls === undefined ? 'http' : 'https';
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** `http://127.0.0.1:<port>`. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (this.trouble !== undefined) return inTrouble(this.trouble, response);
    const url = new URL(request.url ?? '/', 'http://double');
    const { method = 'GET', headers } = request;
    const body = Buffer.concat(chunks).toString('utf8');
    const reply = await this.#answer({ method, path: url.pathname, query: url.searchParams, headers, body });
    send(response, reply);
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'Content-Type': isText ? 'text/plain' : 'application/json', ...headers });
  response.end(body === undefined ? '' : isText ? body : JSON.stringify(body));
}

function inTrouble(trouble: Trouble, response: ServerResponse): void {
  if (trouble === 'html') response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>Log in here</html>');
  else if (trouble === 'error') response.writeHead(500).end('something broke\n');
  else if (trouble === 'redirect') response.writeHead(302, { Location: 'http://127.0.0.1:1/elsewhere' }).end();
  else if (trouble === 'cut') response.destroy();
  else if (trouble === 'huge') response.writeHead(200).end('x'.repeat(1 << 20));
}

/** The bearer token of a request, or the empty text. */
export const bearerOf = ({ headers }: Asked): string => /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
