// The client of the upstream server: puts transport, governor, forwarding and JSON requests together. It must not know about the cache or identities.
import type { VaultConfig } from '../contracts/agent-config.js';
import type { Forward, Tunnel } from '../contracts/exchange.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import { instanceId } from '../kernel/ids.js';
import type { Clock, Vault } from '../sdk/index.js';
import { FAILOVER_DEFAULTS } from './failover.js';
import { createForward } from './forward.js';
import { Governor } from './governor.js';
import { InFlight } from './in-flight.js';
import { createVault } from './requests.js';
import { openTransport, type KeepAlive, type Transport } from './transport.js';
import { createTunnel, Tunnels } from './tunnel.js';
import { Upstreams, type UpstreamView } from './upstreams.js';
import { userAgent } from './user-agent.js';

/** Parts of the agent that call the server on their own. */
export type VaultCaller = 'auto-auth' | 'renewal' | 'sink';

/** What a client is made of. */
export interface VaultClientOptions {
  readonly config: VaultConfig;
  readonly clock: Clock;
  readonly log: LogRoot;
  readonly metrics: Metrics;
  /** Both true unless the configuration disables them for this subsystem. */
  readonly keepAlive: KeepAlive;
  /** `Claviger API Proxy/<version>` and `Claviger Auto-Auth/<version>`; product defaults to Claviger. */
  readonly userAgent: { readonly version: string; readonly product?: string };
  readonly random?: () => number;
  /** Shared by several clients of one process; made when absent. */
  readonly governor?: Governor;
  /** Mark of this process on requests (D-62); made when absent. Listeners must use the same. */
  readonly instance?: string;
}

/** The client. */
export interface VaultClient {
  /** Scheme, host and port for messages and for `LoginAttempt.address`: the preferred one of several addresses. */
  readonly address: URL;
  /** Mark of this process on requests, for `ServeOptions.instance` (D-62). */
  readonly instance: string;
  readonly governor: Governor;
  readonly forward: Forward;
  /** WebSocket connections of clients. */
  readonly tunnel: Tunnel;
  /** All addresses of the server and what is known of them. */
  upstreams(): readonly UpstreamView[];
  /**
   * JSON requests for one part of the agent. auto-auth and sinks never retry here, their own back-off does; renewals retry as
   * configured. `namespace` replaces the configured one.
   */
  vault(caller: VaultCaller, options?: { readonly namespace?: string }): Vault;
  /** Reads the TLS files again (SIGHUP). Throws and changes nothing when one is not usable. */
  reload(): void;
  /** Requests that still wait for an answer or its end, and open tunnels. */
  readonly pending: number;
  /** Cancels what is under way and closes the connections. */
  close(): Promise<void>;
}

const addressesOf = ({ address, addresses = [] }: VaultConfig): readonly string[] =>
  addresses.length === 0 ? [address] : [...new Set(addresses)];

/**
 * Opens the client. No connection is made before the first request. Throws CONFIG_VALUE, CONFIG_CONFLICT, CONFIG_FILE_MISSING or
 * CONFIG_UNREADABLE when an address or the TLS files are not usable.
 */
export function createVaultClient(options: VaultClientOptions): VaultClient {
  const { config, keepAlive } = options;
  return assemble(
    options,
    addressesOf(config).map((address) => openTransport({ ...config, address }, keepAlive)),
  );
}

function assemble(options: VaultClientOptions, transports: readonly Transport[]): VaultClient {
  const { config, clock, metrics, random = Math.random, instance = instanceId() } = options;
  const log = options.log.named('agent.apiproxy');
  const inFlight = new InFlight(clock);
  const governor = options.governor ?? new Governor({ clock, random, rate: config.rateLimit });
  const agents = agentsOf(options);
  const upstreams = new Upstreams({
    ...{ transports, inFlight, clock, log, instance, userAgent: agents.proxy },
    rules: config.failover ?? FAILOVER_DEFAULTS,
    switches: metrics.series('agent.upstream.switches'),
  });
  const retried = metrics.series('agent.upstream.retries');
  const shared = { upstreams, inFlight, clock, random, timeoutMs: config.timeoutMs, retried };
  const tunnels = new Tunnels();
  return {
    address: new URL(addressesOf(config)[0]!),
    instance,
    governor,
    forward: createForward({ ...shared, userAgent: agents.proxy, retries: config.retries }),
    tunnel: createTunnel({ ...shared, userAgent: agents.proxy, tunnels }),
    upstreams: () => upstreams.view(),
    vault: (caller, own = {}) =>
      createVault({
        ...shared,
        governor,
        lane: caller === 'renewal' ? 'renewal' : 'identity',
        namespace: own.namespace ?? config.namespace,
        userAgent: caller === 'renewal' ? agents.proxy : agents.auth,
        retries: caller === 'renewal' ? config.retries : 0,
      }),
    reload: () => {
      upstreams.reload();
      log.info({ address: transports[0]!.address }, 'tls material of the upstream client was read again');
    },
    get pending() {
      return inFlight.size + tunnels.size;
    },
    close: async () => {
      tunnels.cut();
      inFlight.stop();
      await upstreams.close();
    },
  };
}

function agentsOf({ userAgent: { product = 'Claviger', version } }: VaultClientOptions): {
  readonly proxy: string;
  readonly auth: string;
} {
  return { proxy: userAgent(product, 'API Proxy', version), auth: userAgent(product, 'Auto-Auth', version) };
}
