// A client of the server for one command, without an agent around it.
import type { VaultConfig } from '../contracts/agent-config.js';
import { systemClock } from '../kernel/clock.js';
import type { Logger, Vault } from '../sdk/index.js';
import { MetricRegistry } from '../telemetry/metrics.js';
import { createVaultClient } from '../vault/client.js';

/** The client and how to close it. */
export interface Upstream {
  readonly vault: Vault;
  close(): Promise<void>;
}

const nothing = (): void => undefined;
const silent: Logger = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Opens a client. No connection is made before the first request. */
export function openUpstream(config: VaultConfig, version = ''): Upstream {
  const client = createVaultClient({
    config,
    clock: systemClock(),
    log: { named: () => silent },
    metrics: new MetricRegistry(),
    keepAlive: { idle: false, keepAlives: false },
    userAgent: { version },
  });
  return { vault: client.vault('sink'), close: () => client.close() };
}
