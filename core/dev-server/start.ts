// Starts a dev server the way `claviger dev` wants it: a root token, KV version 2 at `secret/`, an address. Prints nothing.
import { agentError } from '../sdk/index.js';
import type { Clock, Logger } from '../sdk/index.js';
import { randomRootToken } from './make-world.js';
import { seedQuickstart } from './quickstart.js';
import type { Quickstart } from './quickstart.js';
import { createDevServer } from './server.js';
import type { DevServer } from './server.js';

/** Options of `startDevServer`. */
export interface StartOptions {
  /** Default: a random one. */
  readonly rootToken?: string;
  /** `host:port`; port 0 chooses one. */
  readonly listenAddress: string;
  readonly clock: Clock;
  readonly log?: Logger;
  /** Also set up what the quickstart uses. */
  readonly seed?: boolean;
}

/** A running dev server. */
export interface StartedDevServer {
  readonly url: string;
  readonly rootToken: string;
  readonly server: DevServer;
  /** Present when `seed` was set. */
  readonly quickstart: Quickstart | undefined;
  close(): Promise<void>;
}

/** Starts a server. Rejects with LISTEN_ADDRESS_IN_USE, LISTEN_PERMISSION or LISTEN_ADDRESS. */
export async function startDevServer(options: StartOptions): Promise<StartedDevServer> {
  const { host, port } = splitAddress(options.listenAddress);
  const rootToken = options.rootToken ?? randomRootToken();
  const server = createDevServer({
    rootToken,
    clock: options.clock,
    ...(options.log === undefined ? {} : { log: options.log }),
  });
  await mountSecret(server);
  const quickstart = options.seed ? await seedQuickstart(server) : undefined;
  const { url } = await server.listen(host, port);
  return { url, rootToken, server, quickstart, close: () => server.close() };
}

/** Mounts KV version 2 at `secret/`, as a real server in dev mode does. */
export async function mountSecret(server: DevServer): Promise<void> {
  const body = { type: 'kv', options: { version: '2' }, description: 'key/value secret storage' };
  await server.call('POST', 'sys/mounts/secret', { body });
}

function splitAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw agentError('LISTEN_ADDRESS', { address, why: 'it is not host:port' });
  const host = match[1] ?? match[2] ?? '';
  return { host: host === '' ? '127.0.0.1' : host, port };
}
