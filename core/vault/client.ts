// The client of the upstream server: puts transport, governor, forwarding and JSON requests together. It must not know about the cache or identities.
import type { VaultConfig } from '../contracts/agent-config.js';
import type { Forward } from '../contracts/exchange.js';
import type { LogRoot } from '../contracts/logging.js';
import type { Metrics } from '../contracts/metrics.js';
import type { Clock, Vault } from '../sdk/index.js';
import { createForward } from './forward.js';
import { Governor } from './governor.js';
import { InFlight } from './in-flight.js';
import { createVault } from './requests.js';
import { openTransport, type KeepAlive, type Transport } from './transport.js';
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
}

/** The client. */
export interface VaultClient {
  /** Scheme, host and port for messages and for `LoginAttempt.address`. */
  readonly address: URL;
  readonly governor: Governor;
  readonly forward: Forward;
  /**
   * JSON requests for one part of the agent. auto-auth and sinks never retry here, their own back-off does; renewals retry as
   * configured. `namespace` replaces the configured one.
   */
  vault(caller: VaultCaller, options?: { readonly namespace?: string }): Vault;
  /** Reads the TLS files again (SIGHUP). Throws and changes nothing when one is not usable. */
  reload(): void;
  /** Requests that still wait for an answer. */
  readonly pending: number;
  /** Cancels what is under way and closes the connections. */
  close(): Promise<void>;
}

function addressOf(config: VaultConfig): URL {
  return new URL(config.address);
}

/**
 * Opens the client. No connection is made before the first request. Throws CONFIG_VALUE, CONFIG_CONFLICT, CONFIG_FILE_MISSING or
 * CONFIG_UNREADABLE when the address or the TLS files are not usable.
 */
export function createVaultClient(options: VaultClientOptions): VaultClient {
  const transport = openTransport(options.config, options.keepAlive);
  return assemble(options, transport);
}

function assemble(options: VaultClientOptions, transport: Transport): VaultClient {
  const { config, clock, random = Math.random } = options;
  const log = options.log.named('agent.apiproxy');
  const inFlight = new InFlight(clock, transport.address);
  const governor = options.governor ?? new Governor({ clock, random, rate: config.rateLimit });
  const product = options.userAgent.product ?? 'Claviger';
  const retried = options.metrics.series('agent.upstream.retries');
  const shared = { transport, inFlight, clock, random, timeoutMs: config.timeoutMs, retried };
  const proxyAgent = userAgent(product, 'API Proxy', options.userAgent.version);
  const authAgent = userAgent(product, 'Auto-Auth', options.userAgent.version);
  return {
    address: addressOf(config),
    governor,
    forward: createForward({ ...shared, userAgent: proxyAgent, retries: config.retries }),
    vault: (caller, own = {}) =>
      createVault({
        ...shared,
        governor,
        lane: caller === 'renewal' ? 'renewal' : 'identity',
        namespace: own.namespace ?? config.namespace,
        userAgent: caller === 'renewal' ? proxyAgent : authAgent,
        retries: caller === 'renewal' ? config.retries : 0,
      }),
    reload: () => {
      transport.reload();
      log.info({ address: transport.address }, 'tls material of the upstream client was read again');
    },
    get pending() {
      return inFlight.size;
    },
    close: async () => {
      inFlight.stop();
      await transport.close();
    },
  };
}
