// The stages of the pipeline in their order, which is a security property (architecture 2.6); the configuration only decides which are present.
// Rooms kept for later: `allow` after `guard`, and `heal` between `label` and `coalesce`.
import type { ApiProxyConfig } from '../contracts/agent-config.js';
import type { Forward, Stage } from '../contracts/exchange.js';
import type { LeaseCache } from '../contracts/lease-cache.js';
import type { Metrics } from '../contracts/metrics.js';
import type { Identity } from '../contracts/token-feed.js';
import type { Clock, Logger } from '../sdk/index.js';
import { coalesceStage } from './stages/coalesce.js';
import { forwardStage } from './stages/forward.js';
import { guard } from './stages/guard.js';
import { identityStage } from './stages/identity.js';
import { labelStage } from './stages/label.js';
import { observeStage } from './stages/observe.js';
import { recallStage } from './stages/recall.js';
import { redactStage } from './stages/redact.js';

/** What the pipeline of one listener is made of. */
export interface PipelineOptions {
  readonly requireRequestHeader: boolean;
  readonly apiProxy: ApiProxyConfig;
  /** The listener's identity; undefined without auto-auth. */
  readonly identity: Identity | undefined;
  readonly namespaceDefault: string;
  readonly cache: LeaseCache | undefined;
  readonly forward: Forward;
  /** Mark of this process on forwarded requests. */
  readonly instance: string;
  /** Stages of later work, at their fixed places. */
  readonly allow?: Stage | undefined;
  readonly heal?: Stage | undefined;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logs: { readonly proxy: Logger; readonly client: Logger; readonly cache: Logger };
}

/** The ordered stages. */
export function assemble(options: PipelineOptions): Stage[] {
  const { identity, apiProxy, cache, clock, logs } = options;
  const tokenInUse = apiProxy.useAutoAuthToken === 'never' ? undefined : identity;
  const { namespaceDefault } = options;
  const stages: (Stage | undefined)[] = [
    options.requireRequestHeader ? guard : undefined,
    options.allow,
    identityStage({ apiProxy, identity, namespaceDefault, clock, log: logs.proxy }),
    tokenInUse === undefined ? undefined : redactStage(tokenInUse, logs.proxy),
    labelStage(options.metrics),
    tokenInUse === undefined ? undefined : options.heal,
    cache === undefined ? undefined : coalesceStage(cache),
    cache === undefined ? undefined : recallStage(cache, logs.cache),
    cache === undefined ? undefined : observeStage(cache),
    forwardStage(options.forward, options.instance, logs.client),
  ];
  return stages.filter((stage) => stage !== undefined);
}
