// A real server on loopback and a client in front of it, for the tests of this folder.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { systemClock } from '../../../core/kernel/clock.js';
import type { VaultConfig } from '../../../core/contracts/agent-config.js';
import type { Exchange } from '../../../core/contracts/exchange.js';
import type { Metrics } from '../../../core/contracts/metrics.js';
import { LogSpy } from '../../../core/sdk/testing/log-spy.js';
import type { Clock } from '../../../core/sdk/index.js';
import { createVaultClient, type VaultClient } from '../../../core/vault/client.js';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that counts. */
export interface Upstream {
  readonly url: string;
  readonly seen: { method: string; url: string; headers: string[]; body: string }[];
  readonly server: Server;
  close(): Promise<void>;
}

const listening = (server: Server, where: number | string): Promise<void> =>
  new Promise((resolve) =>
    server.listen(where as number, ...(typeof where === 'number' ? ['127.0.0.1'] : []), resolve),
  );

/** Starts a server; `answer` sees the request when its body is there. */
export async function upstream(
  answer: Answer,
  options: { tls?: ServerOptions; where?: number | string } = {},
): Promise<Upstream> {
  const seen: Upstream['seen'] = [];
  const handle: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.rawHeaders, body });
      answer(request, response);
    });
  };
  const server = options.tls ? createTlsServer(options.tls, handle) : createServer(handle);
  await listening(server, options.where ?? 0);
  const port = server.address() ?? '';
  return {
    url: typeof port === 'string' ? `unix://${port}` : `${options.tls ? 'https' : 'http'}://127.0.0.1:${port.port}`,
    seen,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The defaults of the `vault` block for one address, without retries. */
export const config = (address: string, over: Partial<VaultConfig> = {}): VaultConfig => ({
  address,
  namespace: '',
  caCert: '',
  caPath: '',
  caBytes: '',
  clientCert: '',
  clientKey: '',
  tlsSkipVerify: false,
  tlsServerName: '',
  retries: 0,
  timeoutMs: 60_000,
  httpProxy: '',
  ...over,
});

/** Counts by metric name. */
export class Counts implements Metrics {
  readonly by = new Map<string, number>();
  series(name: string) {
    return {
      add: (by = 1) => void this.by.set(name, (this.by.get(name) ?? 0) + by),
      set: (value: number) => void this.by.set(name, value),
    };
  }
}

/** A client; the clock is real unless one is given, chance is always 0. */
export function client(
  settings: VaultConfig,
  clock: Clock = systemClock({ unref: true }),
): VaultClient & { counts: Counts } {
  const counts = new Counts();
  const made = createVaultClient({
    config: settings,
    clock,
    log: { named: () => new LogSpy() },
    metrics: counts,
    keepAlive: { idle: true, keepAlives: true },
    userAgent: { version: '0.0.1' },
    random: () => 0,
  });
  return Object.assign(Object.create(made) as VaultClient, { counts });
}

/** A request of a client of the agent. */
export function exchange(over: Partial<Exchange> = {}): Exchange {
  return {
    id: 'x',
    method: 'GET',
    path: '/v1/secret/foo',
    query: '',
    headers: [],
    body: new Uint8Array(0),
    signal: new AbortController().signal,
    token: undefined,
    identity: undefined,
    namespace: '',
    notes: {},
    ...over,
  };
}

/** Answers with JSON. */
export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
