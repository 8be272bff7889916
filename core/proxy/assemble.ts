// The stages of the pipeline in their order, which is a security property (architecture 2.6); the configuration only decides which are present.
// A room kept for later: `allow` after `guard`.
import type { ApiProxyConfig } from '../contracts/agent-config.js';
import type { Forward, Stage } from '../contracts/exchange.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import type { Metrics } from '../contracts/metrics.js';
import type { StaticCache } from '../contracts/static-cache.js';
import type { Identity } from '../contracts/token-feed.js';
import type { Clock, Logger } from '../sdk/index.js';
import type { BodyBudget } from './body-budget.js';
import type { Repeater } from './compose.js';
import type { LastReasons } from './last-reasons.js';
import { coalesceStage } from './stages/coalesce.js';
import { forwardStage } from './stages/forward.js';
import { guard } from './stages/guard.js';
import { healStage } from './stages/heal.js';
import { identityStage } from './stages/identity.js';
import { labelStage } from './stages/label.js';
import { observeStage } from './stages/observe.js';
import { recallStage } from './stages/recall.js';
import { redactStage } from './stages/redact.js';
import { staticsStage } from './stages/statics.js';
import type { TokenProof } from './token-proof.js';

/** What the pipeline of one listener is made of. */
export interface PipelineOptions {
  readonly requireRequestHeader: boolean;
  readonly apiProxy: ApiProxyConfig;
  /** The listener's identity; undefined without auto-auth. */
  readonly identity: Identity | undefined;
  readonly namespaceDefault: string;
  /** Undefined when leases and tokens are not cached. */
  readonly cache: LeaseCache | undefined;
  /** Undefined when static secrets are not cached. */
  readonly statics: StaticCache | undefined;
  readonly budget: BodyBudget;
  readonly forward: Forward;
  /** Mark of this process on forwarded requests. */
  readonly instance: string;
  /** A stage of later work, at its fixed place. */
  readonly allow?: Stage | undefined;
  /** Proves that the identity's token lives; without it nothing is healed. */
  readonly proof: TokenProof | undefined;
  readonly metrics: Metrics;
  /** Remembers for inspection why requests were no hits. */
  readonly reasons?: Pick<LastReasons, 'note'> | undefined;
  readonly clock: Clock;
  readonly logs: { readonly proxy: Logger; readonly client: Logger; readonly cache: Logger };
}

/** The ordered stages. */
export function assemble(options: PipelineOptions): (Stage | Repeater)[] {
  const { identity, apiProxy, cache, statics, budget, clock, logs, namespaceDefault, instance } = options;
  const tokenInUse = apiProxy.useAutoAuthToken === 'never' ? undefined : identity;
  const cached = cache !== undefined || statics !== undefined;
  const stages: (Stage | Repeater | undefined)[] = [
    options.requireRequestHeader ? guard : undefined,
    options.allow,
    identityStage({ apiProxy, identity, namespaceDefault, clock, log: logs.proxy }),
    tokenInUse && redactStage(tokenInUse, budget, logs.proxy),
    labelStage(options.metrics, options.reasons),
    tokenInUse && healFor(tokenInUse, options),
    cache && coalesceStage({ cache, clock, budget, instance }),
    cache && recallStage({ cache, budget, log: logs.cache }),
    statics && staticsStage({ statics, budget, instance }),
    cached ? observeStage({ cache, statics, budget }) : undefined,
    forwardStage({ send: options.forward, instance, clock, log: logs.client }),
  ];
  return stages.filter((stage) => stage !== undefined);
}

function healFor(identity: Identity, { proof, apiProxy, clock, logs }: PipelineOptions): Repeater | undefined {
  const { tokenWaitMs } = apiProxy;
  return proof && healStage({ identity, proof, tokenWaitMs, clock, log: logs.proxy });
}
