// Sends requests of clients to the server as they are and answers with a streaming body (spec cache section 4, D-30 to D-32, D-35, D-36).
// Hot path: no URL objects, no timers, no abort signal for what is answered quickly. It must not know about the cache.
import { PassThrough, type Readable } from 'node:stream';
import type { Body, ByteStream, Exchange, Forward, Reply } from '../contracts/exchange.js';
import type { Series } from '../contracts/metrics.js';
import type { Clock } from '../sdk/index.js';
import { Attempt } from './attempt.js';
import { cancelled, type Failure } from './failure.js';
import { headerOf, replyHeaders, requestHeaders } from './headers.js';
import type { InFlight } from './in-flight.js';
import { isRedirect, sameClusterTarget } from './redirect.js';
import { retryAfterMs, retryDelay, type Outcome } from './retry.js';
import type { Outgoing } from './transport.js';
import type { Upstream, Upstreams } from './upstreams.js';

/** What forwarding needs. */
export interface ForwardParts {
  readonly upstreams: Upstreams;
  readonly inFlight: InFlight;
  readonly clock: Clock;
  readonly random: () => number;
  readonly userAgent: string;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly retried: Series;
}

const isStream = (body: Body): body is ByteStream => !(body instanceof Uint8Array);

function asReadable(body: ByteStream): Readable {
  const pass = new PassThrough();
  // undici listens while it sends; what comes later must not end the process.
  pass.on('error', () => undefined);
  body.pipeTo(pass);
  return pass;
}

function outgoing(exchange: Exchange, parts: ForwardParts): Outgoing {
  const { body, path, query } = exchange;
  const streaming = isStream(body);
  return {
    method: exchange.method,
    path: query === '' ? path : `${path}?${query}`,
    headers: requestHeaders(exchange.headers, {
      token: exchange.token?.reveal(),
      namespace: exchange.namespace,
      userAgent: parts.userAgent,
      keepLength: streaming,
    }),
    body: streaming ? asReadable(body) : body.byteLength === 0 ? null : body,
  };
}

const replyOf = (attempt: Attempt): Reply => ({
  status: attempt.status,
  headers: replyHeaders(attempt.rawHeaders),
  body: attempt,
});

class Journey {
  readonly #parts: ForwardParts;
  readonly #exchange: Exchange;
  readonly #request: Outgoing;
  readonly #deadline: number;
  readonly #tried = new Set<Upstream>();
  /** Where the next attempt goes. */
  #host: Upstream;
  /** Path and query that a redirect gave. */
  #target: string | undefined;
  #tries = 0;
  #followed = false;

  constructor(parts: ForwardParts, exchange: Exchange) {
    this.#parts = parts;
    this.#exchange = exchange;
    this.#host = parts.upstreams.current;
    this.#request = outgoing(exchange, parts);
    this.#deadline = parts.clock.now() + parts.timeoutMs;
  }

  async run(): Promise<Reply> {
    for (;;) {
      const host = this.#host;
      const attempt = this.#send(host);
      const failure = await attempt.head;
      this.#parts.upstreams.report(host, failure ? { failure } : attempt);
      if (failure === undefined && attempt.status < 300) return replyOf(attempt);
      if (failure === undefined && this.#redirected(attempt)) attempt.discard();
      else if (failure !== undefined && (await this.#elsewhere(attempt, failure))) this.#parts.retried.add();
      else if (!(await this.#again(attempt, failure))) return finish(attempt, failure, this.#exchange.body);
    }
  }

  #send({ transport }: Upstream): Attempt {
    const { inFlight, timeoutMs } = this.#parts;
    const attempt = new Attempt(transport.address, (ended) => inFlight.remove(ended));
    this.#tries += 1;
    inFlight.add({ attempt, deadline: this.#deadline, timeoutMs, source: this.#exchange });
    const request = this.#request;
    const path = this.#target ?? transport.basePath + request.path;
    transport.dispatch(path === request.path ? request : { ...request, path }, attempt);
    return attempt;
  }

  #redirected(attempt: Attempt): boolean {
    if (this.#followed || !isRedirect(attempt.status) || isStream(this.#exchange.body)) return false;
    this.#followed = true;
    this.#tries -= 1;
    const { upstreams } = this.#parts;
    const location = headerOf(replyHeaders(attempt.rawHeaders), 'location');
    const to = sameClusterTarget(upstreams.origins, this.#host.index, location);
    if (to === undefined) return false;
    this.#host = upstreams.at(to.index);
    this.#target = to.path;
    return true;
  }

  // Nothing was sent, so the next address may have it at once, whatever the method.
  async #elsewhere(attempt: Attempt, { kind }: Failure): Promise<boolean> {
    const { upstreams, retries } = this.#parts;
    if (upstreams.count < 2 || attempt.sent || (kind !== 'unsent' && kind !== 'tls')) return false;
    if (isStream(this.#exchange.body) || this.#tries > retries) return false;
    this.#tried.add(this.#host);
    const next = await upstreams.other(this.#tried);
    if (next !== undefined) this.#goTo(next);
    return next !== undefined;
  }

  #goTo(host: Upstream): void {
    this.#host = host;
    this.#target = undefined;
  }

  async #again(attempt: Attempt, failure: Failure | undefined): Promise<boolean> {
    const { clock, random, retries, retried } = this.#parts;
    const now = clock.now();
    const outcome: Outcome = failure
      ? { failure: failure.kind }
      : {
          status: attempt.status,
          retryAfterMs: retryAfterMs(headerOf(replyHeaders(attempt.rawHeaders), 'retry-after'), now),
        };
    const { method, path, body } = this.#exchange;
    const replayable = !isStream(body);
    const input = { method, path, replayable, outcome, attempt: this.#tries, retries, leftMs: this.#deadline - now };
    const delayMs = retryDelay(input, random);
    if (delayMs === undefined) return false;
    attempt.discard();
    retried.add();
    await this.#pause(delayMs);
    if (this.#parts.upstreams.count > 1) {
      this.#tried.clear();
      this.#goTo(this.#parts.upstreams.current);
    }
    return true;
  }

  async #pause(delayMs: number): Promise<void> {
    try {
      await this.#parts.clock.sleep(delayMs, this.#exchange.signal);
    } catch {
      throw cancelled().error;
    }
  }
}

function finish(attempt: Attempt, failure: Failure | undefined, body: Body): Reply {
  if (failure === undefined) return replyOf(attempt);
  if (isStream(body)) body.cancel();
  throw failure.error;
}

/**
 * Makes the last stage of the pipeline. It throws UPSTREAM_UNREACHABLE, UPSTREAM_TIMEOUT (no head within the bound), UPSTREAM_TLS,
 * UPSTREAM_CANCELLED or REQUEST_NOT_SENDABLE; every answer of the server is a reply. A redirect to one of the configured addresses is followed once
 * when the request body is in memory, any other is relayed.
 */
export function createForward(parts: ForwardParts): Forward {
  return (exchange) => new Journey(parts, exchange).run();
}
