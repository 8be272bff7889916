// A whole request path on loopback for tests: client -> createServe -> real upstream client -> scripted node:http server that counts its calls.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLeaseCache } from '../../../core/cache/lease-cache.js';
import type { ApiProxyConfig, CompatConfig, ListenerConfig } from '../../../core/contracts/agent-config.js';
import type { LocalRoute } from '../../../core/contracts/exchange.js';
import type { LeaseCache } from '../../../core/contracts/lease-cache.js';
import { systemClock } from '../../../core/kernel/clock.js';
import type { StaticCache } from '../../../core/contracts/static-cache.js';
import type { BodyBudget } from '../../../core/proxy/body-budget.js';
import { createServe } from '../../../core/proxy/create-serve.js';
import { createTokenProof } from '../../../core/proxy/token-proof.js';
import type { Clock, RequestHasher, Serve } from '../../../core/sdk/index.js';
import { createHttpServer } from '../../../core/sdk/http-server.js';
import { LogSpy, VaultFake } from '../../../core/sdk/testing/index.js';
import { MetricRegistry } from '../../../core/telemetry/metrics.js';
import { createVaultClient } from '../../../core/vault/client.js';
import type { IdentityFake } from './identity-fake.js';

/** A call that reached the upstream server. */
export interface UpstreamCall {
  readonly method: string;
  readonly target: string;
  readonly token: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  body: string;
  /** True when the agent gave the call up before it was answered. */
  aborted: boolean;
}

/** Answers one upstream call. */
export type Answer = (call: UpstreamCall, response: http.ServerResponse, request: http.IncomingMessage) => void;

/** What a client got. */
export interface Got {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly raw: readonly string[];
  readonly text: string;
}

export const plainHasher: RequestHasher = {
  digest: ({ method, path, query, body }) => `${method}${path}?${query}#${Buffer.from(body).toString('base64url')}`,
};

export function json(
  response: http.ServerResponse,
  status: number,
  value: unknown,
  headers: http.OutgoingHttpHeaders = {},
): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
  response.end(text);
}

/** The answer of a leased engine. */
export const lease = (id: string, seconds = 3600): object => ({
  request_id: 'r-1',
  lease_id: id,
  renewable: true,
  lease_duration: seconds,
  data: { username: 'u', password: 'p' },
  wrap_info: null,
  warnings: null,
  auth: null,
});

/** The answer of a login or of token/create. */
export const auth = (token: string, more: object = {}): object => ({
  request_id: 'r-2',
  lease_id: '',
  renewable: false,
  lease_duration: 0,
  data: null,
  auth: {
    client_token: token,
    accessor: `acc-${token}`,
    lease_duration: 3600,
    renewable: true,
    orphan: true,
    token_type: 'service',
    num_uses: 0,
    ...more,
  },
});

/** What a rig may be given. */
export interface RigOptions {
  readonly answer: Answer;
  readonly identity?: IdentityFake;
  readonly apiProxy?: Partial<ApiProxyConfig>;
  readonly listener?: Partial<ListenerConfig>;
  readonly compat?: Partial<CompatConfig>;
  readonly cache?: false | { readonly clock?: Clock; readonly verbatimHits?: boolean; readonly vault?: VaultFake };
  readonly admin?: ReadonlyMap<string, LocalRoute>;
  readonly product?: 'agent' | 'proxy';
  readonly clock?: Clock;
  readonly address?: string;
  readonly statics?: StaticCache;
  readonly budget?: BodyBudget;
}

/** The running path. */
export class Rig {
  readonly calls: UpstreamCall[] = [];
  readonly metrics = new MetricRegistry();
  readonly log = new LogSpy();
  port = 0;
  cache: LeaseCache | undefined;
  serve!: Serve;
  readonly #closers: (() => Promise<unknown> | void)[] = [];

  static async start(options: RigOptions): Promise<Rig> {
    const rig = new Rig();
    await rig.#start(options);
    return rig;
  }

  count(name: string): number {
    return this.metrics
      .snapshot()
      .filter((series) => series.name === name)
      .reduce((sum, series) => sum + series.value, 0);
  }

  /** Calls as `METHOD target`. */
  get targets(): string[] {
    return this.calls.map(({ method, target }) => `${method} ${target}`);
  }

  send(
    method: string,
    target: string,
    more: { headers?: http.OutgoingHttpHeaders; body?: string | Buffer; signal?: AbortSignal; port?: number } = {},
  ): Promise<Got> {
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          host: '127.0.0.1',
          port: more.port ?? this.port,
          method,
          path: target,
          headers: { ...more.headers },
          agent: false,
          ...(more.signal && { signal: more.signal }),
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode!,
              headers: response.headers,
              raw: response.rawHeaders,
              text: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      request.on('error', reject);
      request.end(more.body);
    });
  }

  async close(): Promise<void> {
    this.cache?.stop();
    for (const close of this.#closers.reverse()) await close();
  }

  async #start(options: RigOptions): Promise<void> {
    const upstream = await this.#upstream(options.answer);
    const clock = systemClock({ unref: true });
    const log = { named: () => this.log };
    const client = createVaultClient({
      config: { ...VAULT, address: options.address ?? `http://127.0.0.1:${upstream}` },
      clock,
      log,
      metrics: this.metrics,
      keepAlive: { idle: true, keepAlives: true },
      userAgent: { version: '0.0.0' },
    });
    this.#closers.push(() => client.close());
    if (options.cache !== false) {
      this.cache = createLeaseCache({
        hasher: plainHasher,
        vault: options.cache?.vault ?? new VaultFake(),
        clock: options.cache?.clock ?? clock,
        log,
        metrics: this.metrics,
        random: () => 0.5,
        verbatimHits: options.cache?.verbatimHits ?? false,
      });
    }
    const { identity } = options;
    if (identity?.current !== undefined) this.cache?.adopt(identity.current);
    this.serve = createServe({
      listener: {
        role: 'default',
        requireRequestHeader: false,
        enableQuit: false,
        autoAuth: 'default',
        ...options.listener,
      },
      product: options.product ?? 'agent',
      identities: new Map(identity === undefined ? [] : [[identity.name, identity]]),
      cache: this.cache,
      statics: options.statics,
      budget: options.budget,
      proofs: new Map([['default', createTokenProof({ vault: client.vault('auto-auth'), clock })]]),
      forward: client.forward,
      apiProxy: {
        useAutoAuthToken: identity === undefined ? 'never' : 'default',
        tokenWaitMs: 50,
        enforceConsistency: 'never',
        whenInconsistent: 'fail',
        prependConfiguredNamespace: false,
        ...options.apiProxy,
      },
      compat: { upstreamErrors: 'honest', openControlEndpoints: false, ...options.compat },
      namespaceDefault: 'team/',
      admin: options.admin ?? new Map(),
      metrics: this.metrics,
      log,
      clock: options.clock ?? clock,
    });
    const server = createHttpServer(this.serve);
    await server.listen({ port: 0, host: '127.0.0.1' });
    this.#closers.push(() => server.close(0));
    this.port = (server.node.address() as AddressInfo).port;
  }

  #upstream(answer: Answer): Promise<number> {
    const server = createHttpServer({
      request: (request, response) => {
        const token = request.headers['x-vault-token'];
        const call: UpstreamCall = {
          method: request.method!,
          target: request.url!,
          token: typeof token === 'string' ? token : undefined,
          headers: request.headers,
          body: '',
          aborted: false,
        };
        this.calls.push(call);
        response.on('close', () => (call.aborted = !response.writableFinished));
        if (request.headers['x-stream'] !== undefined) return answer(call, response, request);
        request.on('data', (chunk: Buffer) => (call.body += chunk.toString()));
        request.on('end', () => answer(call, response, request));
      },
    });
    this.#closers.push(() => server.close(0));
    return server.listen({ port: 0, host: '127.0.0.1' }).then(() => (server.node.address() as AddressInfo).port);
  }
}

const VAULT = {
  namespace: '',
  caCert: '',
  caPath: '',
  caBytes: '',
  clientCert: '',
  clientKey: '',
  tlsSkipVerify: false,
  tlsServerName: '',
  retries: 0,
  timeoutMs: 5000,
  httpProxy: '',
};

/** Waits until `ready` holds, letting the event loop turn; fails after a bounded number of turns. */
export async function until(ready: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !ready(); turn++) await new Promise((resolve) => setImmediate(resolve));
  if (!ready()) throw new Error('it did not happen');
}
