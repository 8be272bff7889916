// The dev server: an in-memory server that speaks Vault's API and verifies like the real one. For quickstart and tests, never for secrets
// that matter. It shares nothing with the agent's client.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Logger, TlsMaterial } from '../sdk/index.js';
import { dispatch } from './dispatch.js';
import { Door } from './door.js';
import type { BoundAddress } from './door.js';
import { cannedAnswer, endure, Interference } from './interference.js';
import type { Injection, Trouble } from './interference.js';
import { makeWorld } from './make-world.js';
import { RequestLog } from './request-log.js';
import type { RequestRecord } from './request-log.js';
import { errorAnswer } from './wire/answer.js';
import type { Answer } from './wire/answer.js';
import { firstHeader, tokenOf } from './wire/decode.js';
import { certificateChain, peerAddress, readAll } from './wire/incoming.js';
import { send } from './wire/send.js';
import { readTarget } from './wire/target.js';
import type { Target } from './wire/target.js';
import type { World } from './world.js';

const PAGE =
  '<!DOCTYPE html>\n<title>Claviger dev server</title>\n<p>This server has no web interface; its API is below /v1/.</p>\n';

/** Options of a dev server. */
export interface DevServerOptions {
  readonly rootToken: string;
  readonly clock: Clock;
  readonly log?: Logger;
  /** With it the server speaks TLS only. */
  readonly tls?: TlsMaterial;
}

/** One dev server. `listen` may be called once. */
export class DevServer {
  /** The requests that reached the server. */
  readonly requests = new RequestLog();
  /** The state, for tests that want to look. */
  readonly world: World;
  readonly #options: DevServerOptions;
  readonly #interference = new Interference();
  readonly #door: Door;
  readonly #closing = new AbortController();

  constructor(options: DevServerOptions) {
    this.#options = options;
    this.world = makeWorld(options.clock, options.rootToken);
    const request = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
      this.#serve(incoming, outgoing).catch((error: unknown) => {
        this.#options.log?.debug({ error: String(error) }, 'request broke off');
        outgoing.destroy();
      });
    };
    this.#door = new Door({ request }, options.tls);
  }

  /** Binds; port 0 chooses one. Rejects with LISTEN_ADDRESS_IN_USE, LISTEN_PERMISSION or LISTEN_ADDRESS. */
  async listen(host: string, port: number): Promise<{ readonly url: string }> {
    await this.#door.listen(host, port);
    return { url: this.#door.address.url };
  }

  /** Where the server listens; throws LISTEN_ADDRESS while it does not. */
  get address(): BoundAddress {
    return this.#door.address;
  }

  /** Cuts all connections and stops all timers. Safe twice. */
  async close(): Promise<void> {
    this.world.tokens.close();
    this.world.leases.close();
    this.#closing.abort(new Error('the dev server is closed'));
    await this.#door.close();
  }

  /** Makes trouble for coming requests; the result takes back what has not happened yet. */
  inject(injection: Injection): () => void {
    return this.#interference.add(injection);
  }

  /** Cuts all connections and every new one, as if the network were broken, until the result is called. Time goes on meanwhile. */
  outage(): () => void {
    return this.#door.cut();
  }

  /** Stops listening, as if the server were down, until the result is called; it comes back on the same port with all it knew. */
  down(): Promise<() => Promise<void>> {
    return this.#door.refuse();
  }

  /** One request without a socket, as the root token or another: what seeding and tests use. */
  async call(method: string, path: string, options: DirectCall = {}): Promise<DirectAnswer> {
    const headers = { 'X-Vault-Token': options.token ?? this.#options.rootToken, ...options.headers };
    const answer = await this.#answer(readTarget(`/v1/${path}`), {
      method,
      rawHeaders: Object.entries(headers).flat(),
      body: options.body === undefined ? '' : JSON.stringify(options.body),
      remoteAddress: '127.0.0.1',
      certificates: [],
    });
    const isJson = answer.body !== '' && answer.contentType === 'application/json';
    return { status: answer.status, body: isJson ? (JSON.parse(answer.body) as unknown) : undefined };
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const target = readTarget(incoming.url ?? '/');
    const record = this.#record(incoming, target);
    const trouble = this.#interference.next(record);
    if (trouble !== undefined && this.#disturb(trouble, record, outgoing)) return;
    await endure(this.#options.clock, trouble, this.#closing.signal);
    const body = await readAll(incoming);
    const answer =
      body === undefined
        ? errorAnswer(413, 'http: request body too large')
        : await this.#answer(target, {
            method: incoming.method ?? 'GET',
            rawHeaders: incoming.rawHeaders,
            body,
            remoteAddress: peerAddress(incoming.socket),
            certificates: certificateChain(incoming.socket),
          });
    if (trouble?.kind === 'lose' || this.#door.cutting) {
      record.status = 0;
      outgoing.destroy();
      return;
    }
    record.status = answer.status;
    this.#options.log?.debug({ method: record.method, path: record.path, status: answer.status }, 'request answered');
    send(outgoing, answer, firstHeader(incoming.rawHeaders, 'x-vault-namespace'));
  }

  async #answer(target: Target, raw: Omit<Parameters<typeof dispatch>[1], 'path' | 'query'>): Promise<Answer> {
    if (target.kind === 'path') return dispatch(this.world, { ...raw, path: target.path, query: target.query });
    if (target.kind === 'refused') return errorAnswer(target.status, ...target.errors);
    if (target.kind === 'page') return { status: 200, contentType: 'text/html; charset=utf-8', body: PAGE };
    const shown = raw.method === 'GET' ? `<a href="${target.location}">Temporary Redirect</a>.\n\n` : '';
    return {
      status: 307,
      contentType: 'text/html; charset=utf-8',
      body: shown,
      headers: { Location: target.location },
    };
  }

  #record(incoming: IncomingMessage, target: Target): RequestRecord {
    const entry = this.world.tokens.find(tokenOf(incoming.rawHeaders));
    const record: RequestRecord = {
      method: incoming.method ?? 'GET',
      path: target.kind === 'path' ? target.path : '',
      target: incoming.url ?? '',
      namespace: firstHeader(incoming.rawHeaders, 'x-vault-namespace') ?? '',
      accessor: entry?.accessor ?? '',
      displayName: entry?.displayName ?? '',
      atMs: this.#options.clock.now(),
      status: undefined,
    };
    this.requests.add(record);
    return record;
  }

  /** True when the request got nothing but trouble. */
  #disturb(trouble: Trouble, record: RequestRecord, outgoing: ServerResponse): boolean {
    if (trouble.kind === 'hang') return true;
    if (trouble.kind === 'close') {
      record.status = 0;
      outgoing.destroy();
      return true;
    }
    const answer = cannedAnswer(trouble);
    if (answer === undefined) return false;
    record.status = answer.status;
    send(outgoing, answer, undefined);
    return true;
  }
}

/** Parts of a direct call; the token defaults to the root token. */
export interface DirectCall {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Status and parsed body of a direct call; undefined when there is none or it is not JSON. */
export interface DirectAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Makes a dev server that is not bound yet. */
export function createDevServer(options: DevServerOptions): DevServer {
  return new DevServer(options);
}
