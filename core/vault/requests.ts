// The `Vault` port of the SDK: JSON requests that the agent itself originates, whole in memory, through the governor. It must not know who asks.
import type { Series } from '../contracts/metrics.js';
import { AgentError, agentError, type Clock, type Vault, type VaultAnswer, type VaultCall } from '../sdk/index.js';
import { Attempt } from './attempt.js';
import { cancelled, failureOf, type Failure, type FailureKind } from './failure.js';
import type { Governor, Lane } from './governor.js';
import { headerOf, replyHeaders } from './headers.js';
import type { InFlight } from './in-flight.js';
import { canonicalNamespace } from './namespace.js';
import { isRedirect, redirectHost, sameClusterTarget } from './redirect.js';
import { retryAfterMs, retryDelay, type Outcome } from './retry.js';
import type { Outgoing } from './transport.js';
import type { Upstream, Upstreams } from './upstreams.js';

/** What a client of one part of the agent needs. */
export interface RequestParts {
  readonly upstreams: Upstreams;
  readonly inFlight: InFlight;
  readonly governor: Governor;
  readonly lane: Lane;
  readonly clock: Clock;
  readonly random: () => number;
  readonly userAgent: string;
  readonly namespace: string;
  readonly retries: number;
  readonly timeoutMs: number;
  readonly retried: Series;
}

/** Longest answer that is taken: more than any answer of the API that the agent itself asks for. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;

interface Received {
  readonly status: number;
  readonly headers: readonly string[];
  readonly bytes: Uint8Array;
}

function headersOf(call: VaultCall, parts: RequestParts, hasBody: boolean): string[] {
  const headers = ['X-Vault-Request', 'true', 'User-Agent', parts.userAgent, 'Accept', 'application/json'];
  if (hasBody) headers.push('Content-Type', 'application/json');
  const namespace = canonicalNamespace(call.namespace ?? parts.namespace);
  if (namespace !== '') headers.push('X-Vault-Namespace', namespace);
  if (call.token) headers.push('X-Vault-Token', call.token.reveal());
  for (const [name, value] of Object.entries(call.headers ?? {})) headers.push(name, value);
  return headers;
}

function outgoing(method: string, path: string, call: VaultCall, parts: RequestParts): Outgoing {
  if (call.token && UNSENDABLE.test(call.token.reveal())) {
    throw agentError('AUTH_CREDENTIAL_INVALID', {
      what: 'the token',
      why: 'it holds characters that no header can carry',
    });
  }
  const body = call.body === undefined ? null : Buffer.from(JSON.stringify(call.body));
  return {
    method,
    path: `/v1/${path.replace(/^\/+/, '')}`,
    headers: headersOf(call, parts, body !== null),
    body,
  };
}

class JsonRequest {
  readonly #parts: RequestParts;
  readonly #call: VaultCall;
  readonly #method: string;
  readonly #path: string;
  readonly #timeoutMs: number;
  /** Where the next attempt goes. */
  #host: Upstream;
  /** True when the last attempt may have reached a server. */
  #sent = false;
  /** Runs from the moment the first attempt passes the governor. */
  #deadline = 0;
  #tries = 0;

  constructor(parts: RequestParts, method: string, path: string, call: VaultCall) {
    this.#parts = parts;
    this.#call = call;
    this.#method = method;
    this.#path = path;
    this.#timeoutMs = call.timeoutMs ?? parts.timeoutMs;
    this.#host = parts.upstreams.current;
  }

  async run(): Promise<VaultAnswer> {
    const request = outgoing(this.#method, this.#path, this.#call, this.#parts);
    for (;;) {
      const received = await this.#settled(request, await this.#reached(request));
      const delayMs = this.#delay(received);
      if (delayMs === undefined) {
        if ('bytes' in received) return answerOf(received, this.#host.transport.address);
        throw received.error;
      }
      this.#parts.retried.add();
      await this.#pause(delayMs);
    }
  }

  // An address that refuses the connection was sent nothing: each other one may be tried at once, also by callers that do not retry.
  async #reached(request: Outgoing): Promise<Received | Failure> {
    const { upstreams } = this.#parts;
    const tried = new Set<Upstream>();
    this.#host = upstreams.current;
    for (;;) {
      const result = await this.#send(request);
      if ('bytes' in result || this.#sent || (result.kind !== 'unsent' && result.kind !== 'tls')) return result;
      if (this.#call.signal?.aborted) return result;
      const next = await upstreams.other(tried.add(this.#host));
      if (next === undefined) return result;
      this.#host = next;
      this.#tries -= 1;
    }
  }

  #send(request: Outgoing, target?: string): Promise<Received | Failure> {
    const { governor, lane } = this.#parts;
    this.#tries += 1;
    return this.#orCancelled(() => governor.run(() => this.#exchange(request, target), this.#call.signal, lane));
  }

  async #exchange(request: Outgoing, target: string | undefined): Promise<Received | Failure> {
    const { upstreams, clock } = this.#parts;
    if (this.#deadline === 0) this.#deadline = clock.now() + this.#timeoutMs;
    if (this.#call.signal?.aborted) return cancelled();
    const host = this.#host;
    const { transport } = host;
    const attempt = this.#attempt(transport.address);
    transport.dispatch({ ...request, path: target ?? transport.basePath + request.path }, attempt, this.#call);
    const failure = await attempt.head;
    this.#sent = attempt.sent;
    const result = failure ?? (await received(attempt));
    upstreams.report(host, 'bytes' in result ? result : { failure: result });
    return result;
  }

  #attempt(address: string): Attempt {
    const { inFlight } = this.#parts;
    const attempt = new Attempt(address, (ended) => inFlight.remove(ended));
    inFlight.add({ attempt, deadline: this.#deadline, timeoutMs: this.#timeoutMs, source: this.#call });
    return attempt;
  }

  // A standby sends to its active server. Only the configured addresses are followed, and only once: a token never travels elsewhere (D-31).
  async #settled(request: Outgoing, result: Received | Failure): Promise<Received | Failure> {
    if (!('bytes' in result) || !isRedirect(result.status)) return result;
    const { upstreams } = this.#parts;
    const to = sameClusterTarget(upstreams.origins, this.#host.index, headerOf(result.headers, 'location'));
    if (to !== undefined) this.#host = upstreams.at(to.index);
    const next = to === undefined ? result : await this.#send(request, to.path);
    if (!('bytes' in next) || !isRedirect(next.status)) return next;
    const away = redirectHost(headerOf(next.headers, 'location'));
    const why = `it redirects to ${away}, which is not the configured address`;
    return { kind: 'invalid', error: badReply(this.#host.transport.address, why) };
  }

  #delay(received: Received | Failure): number | undefined {
    const { clock, random, retries, governor } = this.#parts;
    const now = clock.now();
    const outcome: Outcome =
      'bytes' in received
        ? { status: received.status, retryAfterMs: retryAfterMs(headerOf(received.headers, 'retry-after'), now) }
        : { failure: received.kind };
    if (
      'status' in outcome &&
      outcome.retryAfterMs !== undefined &&
      (outcome.status === 429 || outcome.status === 503)
    ) {
      governor.hold(outcome.retryAfterMs);
    }
    const leftMs = this.#deadline - now;
    const input = {
      method: this.#method,
      path: this.#path,
      replayable: true,
      outcome,
      attempt: this.#tries,
      retries,
      leftMs,
    };
    return retryDelay(input, random);
  }

  async #pause(delayMs: number): Promise<void> {
    await this.#parts.clock.sleep(delayMs, this.#call.signal).catch(() => {
      throw cancelled().error;
    });
  }

  async #orCancelled(task: () => Promise<Received | Failure>): Promise<Received | Failure> {
    try {
      return await task();
    } catch (error) {
      if (this.#call.signal?.aborted) return cancelled();
      throw error;
    }
  }
}

async function received(attempt: Attempt): Promise<Received | Failure> {
  const { address } = attempt;
  const headers = replyHeaders(attempt.rawHeaders);
  const bytes = await attempt.collect(MAX_ANSWER_BYTES).catch((error: unknown) => lost(error, address));
  if (bytes instanceof Uint8Array) return { status: attempt.status, headers, bytes };
  attempt.cancel();
  const why = `its answer is longer than ${MAX_ANSWER_BYTES} bytes`;
  return bytes ?? { kind: 'invalid', error: badReply(address, why) };
}

const badReply = (address: string, why: string) => agentError('UPSTREAM_BAD_REPLY', { address, why });

function lost(error: unknown, address: string): Failure {
  if (!(error instanceof AgentError)) return failureOf(error, address, true);
  const kinds: Record<string, FailureKind> = { UPSTREAM_TIMEOUT: 'timeout', UPSTREAM_CANCELLED: 'cancelled' };
  return { kind: kinds[error.code] ?? 'lost', error };
}

function answerOf(received: Received, address: string): VaultAnswer {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < received.headers.length; i += 2) {
    headers[(received.headers[i] as string).toLowerCase()] ??= received.headers[i + 1] as string;
  }
  return { status: received.status, body: parse(received, headers['content-type'], address), headers };
}

function parse(received: Received, type: string | undefined, address: string): unknown {
  if (received.bytes.byteLength === 0) return undefined;
  const text = Buffer.from(received.bytes).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const plain = /HTTP request to an? HTTPS server/i.test(text);
    const hint = plain ? 'the server speaks TLS: write https:// in vault.address' : undefined;
    const what = `status ${received.status} with ${type ?? 'no content type'}, not JSON`;
    throw agentError('UPSTREAM_BAD_REPLY', { address, why: `it sent ${what}` }, { hint });
  }
}

/** The `Vault` port of one part of the agent. */
export function createVault(parts: RequestParts): Vault {
  return { request: (method, path, call = {}) => new JsonRequest(parts, method, path, call).run() };
}
