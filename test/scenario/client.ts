// The application in scenarios: asks an agent or a server over TCP, TLS or a unix socket. Error bodies and what local endpoints say go to the
// collector, secrets of good answers are planted there.
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { collect, plantAnswer } from './collector.js';

/** Parsed JSON, of which scenarios know by heart what is in it. */
export type Json = ReturnType<typeof JSON.parse>;

/** What is asked. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The answer. `complete` is false when the connection broke in the middle of the body. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly complete: boolean;
  /** Parsed body; undefined when it is no JSON. */
  readonly json: Json;
}

const BOUND_MS = 15_000;

/** One question on a connection of its own. `base` is what a listener says of itself: `http://host:port`, `https://...`, `unix:///path`. */
export function ask(base: string, path: string, question: Question = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, ca, cert, key } = question;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const length = sent === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(sent)) };
  const place: RequestOptions = base.startsWith('unix://')
    ? { socketPath: base.slice('unix://'.length) }
    : urlParts(base);
  const secure = base.startsWith('https:') || ca !== undefined;
  const options = {
    ...place,
    path,
    method,
    headers: { ...headers, ...length },
    agent: false as const,
    timeout: BOUND_MS,
  };
  return new Promise((resolve, reject) => {
    const request = secure
      ? httpsRequest({ ...options, ca, cert, key, servername: 'localhost' })
      : httpRequest(options);
    request.on('timeout', () => request.destroy(new Error(`${method} ${path} got no answer`)));
    request.on('error', reject);
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', () => undefined);
      response.on('close', () => {
        const text = Buffer.concat(parts).toString();
        resolve(
          keep(path, {
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            complete: response.complete,
          }),
        );
      });
    });
    request.end(sent);
  });
}

function keep(path: string, bare: Omit<Answer, 'json'>): Answer {
  const json = parsed(bare.text);
  if (bare.status >= 400) collect('an error body', bare.text);
  else if (path.startsWith('/v1/')) plantAnswer(json);
  else collect('a local endpoint', bare.text);
  collect('answer headers', JSON.stringify(bare.headers));
  return { ...bare, json };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function urlParts(base: string): RequestOptions {
  const { hostname, port } = new URL(base);
  return { host: hostname.replace(/^\[|\]$/g, ''), port };
}
