// Whose token and which namespace a request would get on the first listener: what `cache/explain` must know. Nothing is waited for.
import type { AgentConfig } from '../contracts/agent-config.js';
import type { Exchange, Reply } from '../contracts/exchange.js';
import type { Identity } from '../contracts/token-feed.js';
import { identityStage } from '../proxy/stages/identity.js';
import type { Clock, Logger } from '../sdk/index.js';

const ANY: Reply = { status: 204, headers: [], body: new Uint8Array(0) };

/** Gives an exchange the token, the identity and the namespace of such a request; before the first token it stays without one. */
export function explainer(
  config: AgentConfig,
  clock: Clock,
  log: Logger,
  identities: () => ReadonlyMap<string, Identity>,
): (exchange: Exchange) => Promise<void> {
  const listener = config.listeners.find(({ role }) => role !== 'metrics_only');
  return async (exchange) => {
    const stage = identityStage({
      apiProxy: { ...config.apiProxy, tokenWaitMs: 0 },
      identity: identities().get(listener?.autoAuth ?? ''),
      namespaceDefault: config.vault.namespace,
      clock,
      log,
    });
    try {
      await stage(exchange, () => ANY);
    } catch {
      // no token yet: the request would wait for one
    }
  };
}
