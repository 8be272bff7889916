// callService: one bounded HTTP(S) call of a plugin to something that is not the server: metadata services, token endpoints, the Kubernetes API.
// An agent of its own, so that no proxy of the environment ever sees it (rule 5 of the auth methods; corrections, client side); no redirects.
// Knows neither what is asked nor what the answer means.
import type { IncomingMessage, RequestOptions } from 'node:http';
import type { LookupFunction } from 'node:net';
import { errnoOf, failureText } from './failure-text.js';
import { AgentError, agentError } from './errors.js';
import { hideSecrets } from './hide-secrets.js';
import type { Clock } from './host.js';
import { Secret } from './secret.js';

/** What to ask. */
export interface ServiceRequest {
  /** `http:` or `https:`. What is after `?` is never shown in messages. */
  readonly url: string | URL;
  readonly clock: Clock;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Bound of the whole call; default 2 s. */
  readonly timeoutMs?: number;
  /** Larger answers are refused; default 64 KiB. */
  readonly maxBytes?: number;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** Unix socket to connect to instead of the URL's host. */
  readonly socketPath?: string | undefined;
}

/** The answer, whatever its status; redirects are answers like others. */
export interface ServiceAnswer {
  readonly status: number;
  /** Lower-case names; the values of repeated headers are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 text. */
  readonly body: Secret;
  /** Where it came from, fit for messages. */
  readonly from: string;
}

const TIMEOUT_MS = 2_000;
const MOST_BYTES = 64 * 1024;
const MOST_SHOWN = 200;

/**
 * Makes the call. Throws SERVICE_UNREACHABLE, SERVICE_TIMEOUT or SERVICE_BAD_ANSWER (cut off, or larger than the limit), all with act `wait`; rejects
 * with the reason of the signal when it is aborted. AUTH_CREDENTIAL_INVALID when a header cannot be sent, for example a token of two lines.
 */
export async function callService(request: ServiceRequest): Promise<ServiceAnswer> {
  const { clock, signal, timeoutMs = TIMEOUT_MS } = request;
  signal?.throwIfAborted();
  const from = shown(request);
  checkHeaders(request.headers ?? {});
  const bound = new AbortController();
  const leave = (): void => bound.abort(signal?.reason);
  signal?.addEventListener('abort', leave, { once: true });
  const late = agentError('SERVICE_TIMEOUT', { url: from, seconds: timeoutMs / 1000 });
  const cancel = clock.after(timeoutMs, () => bound.abort(late));
  try {
    return await sent(request, from, bound.signal);
  } catch (error) {
    if (bound.signal.aborted) throw bound.signal.reason;
    throw error instanceof AgentError ? error : unreachable(from, error);
  } finally {
    cancel();
    signal?.removeEventListener('abort', leave);
  }
}

/**
 * For messages: the status, and of a body that is no success at most 200 printable characters. What a 2xx body holds is never shown. `sent` are the secrets
 * of the request: they are masked, because services repeat what they were sent.
 */
export function refusalText({ status, body }: ServiceAnswer, sent: readonly Secret[] = []): string {
  if (status < 300) return `it answered ${String(status)}`;
  const text = hideSecrets(body.reveal(), sent)
    .slice(0, 4 * MOST_SHOWN)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, MOST_SHOWN);
  return text === '' ? `it answered ${String(status)}` : `it answered ${String(status)}: ${text}`;
}

async function sent(request: ServiceRequest, from: string, signal: AbortSignal): Promise<ServiceAnswer> {
  const url = new URL(request.url);
  const { Agent, request: ask } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const agent = new Agent({ keepAlive: false, maxSockets: 1 });
  try {
    return await new Promise<ServiceAnswer>((resolve, reject) => {
      // holds whatever becomes of the request; its own events do not come in every case
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      const lookup = url.hostname === 'localhost' ? { lookup: thisMachine } : {};
      const call = ask(url, { ...optionsOf(request), ...lookup, agent, signal });
      call.on('error', reject);
      call.on('upgrade', (_, socket) => {
        socket.destroy();
        reject(badAnswer(from, 'it changes to another protocol'));
      });
      call.on('response', (response) => {
        collected(response, request.maxBytes ?? MOST_BYTES, from).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: flat(response.headers), body, from }),
          reject,
        );
      });
      call.end(request.body);
    });
  } finally {
    agent.destroy();
  }
}

function optionsOf({ method = 'GET', headers = {}, body, ca, socketPath }: ServiceRequest): RequestOptions & {
  readonly ca?: string;
} {
  const length = body === undefined ? undefined : String(Buffer.byteLength(body));
  return {
    method,
    headers: { ...headers, ...(length !== undefined && { 'Content-Length': length }) },
    ...(ca !== undefined && ca !== '' && { ca }),
    ...(socketPath !== undefined && { socketPath }),
  };
}

async function collected(response: IncomingMessage, maxBytes: number, from: string): Promise<Secret> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) throw badAnswer(from, `it is larger than ${String(maxBytes)} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    response.destroy();
    throw (error as Partial<AgentError>).act === undefined ? badAnswer(from, failureText(error)) : error;
  }
  return new Secret(Buffer.concat(chunks, size).toString('utf8'));
}

const UNFIT = /[^\t\x20-\x7e\x80-\xff]/;

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  const unfit = Object.entries(headers).find(([, value]) => UNFIT.test(value));
  if (unfit === undefined) return;
  const why = 'it has line breaks or other characters that a header cannot hold';
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: `what goes into the header ${unfit[0]}`, why });
}

const badAnswer = (url: string, why: string): AgentError => agentError('SERVICE_BAD_ANSWER', { url, why });

// A cause only where the system speaks: what the parser throws holds the bytes of the answer. Of several addresses the first counts.
function unreachable(url: string, error: unknown): AgentError {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const facts = errnoOf(first) === undefined ? {} : { cause: first };
  return agentError('SERVICE_UNREACHABLE', { url, why: failureText(first) }, facts);
}

// Plain HTTP to this name is allowed because it is this machine, so no name service is asked (RFC 6761 6.3).
const thisMachine: LookupFunction = (_, { all }, done) => {
  const both = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  process.nextTick(() => (all === true ? done(null, both) : done(null, '127.0.0.1', 4)));
};

// Without user, password, query and fragment: those may hold secrets.
function shown({ url, socketPath }: ServiceRequest): string {
  if (!URL.canParse(String(url)))
    throw agentError('SERVICE_UNREACHABLE', { url: 'the service', why: 'its address is no URL' });
  const { origin, pathname } = new URL(url);
  return socketPath === undefined ? `${origin}${pathname}` : `unix:${socketPath}${pathname}`;
}

function flat(headers: IncomingMessage['headers']): Record<string, string> {
  const list = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]);
  return Object.fromEntries(list.filter(([, value]) => value !== undefined)) as Record<string, string>;
}
