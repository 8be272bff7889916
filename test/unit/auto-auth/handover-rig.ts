// An identity on fakes, for what happens between its token and its sinks.
import { createIdentity, type RunningIdentity } from '../../../core/auto-auth/identity.js';
import type { SinkSlot } from '../../../core/auto-auth/sink-loop.js';
import type {
  ChildTokenConfig,
  IdentityConfig,
  MethodConfig,
  SinkConfig,
} from '../../../core/contracts/agent-config.js';
import {
  agentError,
  Secret,
  type AuthMethod,
  type Delivery,
  type LoginPlan,
  type Sink,
} from '../../../core/sdk/index.js';
import { makeFakes, type Fakes } from '../../../core/sdk/testing/fakes.js';
import { settle } from '../../../core/sdk/testing/virtual-clock.js';
import { Counts } from '../vault/rig.js';

export const LOGIN = 'auth/approle/login';
export const CREATE = 'auth/token/create';
export const REVOKE = 'auth/token/revoke-self';
export const RENEW = 'auth/token/renew-self';
export const LOOKUP = 'auth/token/lookup-self';
export const PROOF = 'sys/internal/ui/mounts';

/** An answer with an `auth` block. */
export const auth = (token: string, more: object = {}) => ({
  status: 200,
  body: {
    auth: {
      ...{ client_token: token, accessor: `acc-${token}`, policies: ['p'], lease_duration: 3600, renewable: true },
      token_type: 'service',
      ...more,
    },
  },
});

/** An answer of 400 and above. */
export const errors = (status: number, ...texts: string[]) => ({ status, body: { errors: texts } });

export const CHILD: ChildTokenConfig = {
  ...{ policies: ['narrow'], noDefaultPolicy: false, ttlMs: 0, periodMs: 0, numUses: 0, type: 'service', role: '' },
  ...{ orphan: false, displayName: 'claviger-sink', allowIdentityPolicies: false },
};

/** A sink that keeps what it gets, in one list with what the server is asked. */
export class SinkFake implements Sink {
  readonly writes: Delivery[] = [];
  withdrawn = 0;
  left: string | Error | undefined;
  broken = false;
  onWrite: (payload: string) => void = () => undefined;
  write(delivery: Delivery, _signal: AbortSignal): Promise<void> {
    if (this.broken) return Promise.reject(agentError('SINK_WRITE_FAILED', { path: '/x', why: 'full' }));
    this.writes.push(delivery);
    this.onWrite(delivery.payload.reveal());
    return Promise.resolve();
  }
  withdraw(): Promise<void> {
    this.withdrawn += 1;
    return Promise.resolve();
  }
  recover(): Promise<Secret | undefined> {
    if (this.left instanceof Error) return Promise.reject(this.left);
    return Promise.resolve(this.left === undefined ? undefined : new Secret(this.left));
  }
  get payloads(): string[] {
    return this.writes.map((write) => write.payload.reveal());
  }
}

/** A slot; `over` is what its configuration says. */
export const slot = (id: string, sink: Sink, over: Partial<SinkConfig> = {}): SinkSlot => ({
  id,
  sink,
  config: {
    ...{ type: 'fake', wrapTtlMs: 0, reuse: false, child: undefined, notify: undefined, settings: {}, at: '' },
    retry: { minMs: 2_000, maxMs: 20_000 },
    ...over,
  },
});

/** What a test stands on. */
export interface Stage extends Fakes {
  readonly metrics: Counts;
  readonly identity: RunningIdentity;
  readonly plan: { now: LoginPlan };
  /** `PUT auth/token/create of t1` and writes as `write s c1`, in the order in which they happened. */
  readonly events: string[];
  count(method: string, path: string): number;
  go(): Promise<void>;
  /** A new login, as when a client finds the token refused. */
  relogin(): Promise<void>;
  said(message: string): string[];
}

/** An identity with sinks; the server is scripted by `vault`. Chance is always 0. */
export function stage(
  slots: readonly SinkSlot[],
  own: { readonly identity?: Partial<IdentityConfig>; readonly method?: Partial<MethodConfig> } = {},
): Stage {
  const fakes = makeFakes();
  const { vault, clock, log, health } = fakes;
  const metrics = new Counts();
  const plan: { now: LoginPlan } = { now: { login: LOGIN, body: { role_id: 'role-id-value' } } };
  const method: AuthMethod = { prepare: () => Promise.resolve(plan.now) };
  const config: IdentityConfig = {
    name: 'default',
    method: {
      ...{ type: 'approle', mountPath: 'auth/approle', namespace: 'ns1/', wrapTtlMs: 0, minBackoffMs: 1_000 },
      ...{ maxBackoffMs: 300_000, exitOnErr: false, mfa: undefined, settings: {}, at: '', ...own.method },
    },
    ...{ sinks: [], reauthOnNewCredentials: false, revokeOnShutdown: false, at: '', ...own.identity },
  };
  const events: string[] = [];
  for (const { id, sink } of slots)
    if (sink instanceof SinkFake) sink.onWrite = (text) => events.push(`write ${id} ${text}`);
  const request = vault.request.bind(vault);
  vault.request = (verb, path, call) => {
    events.push(`${verb} ${path} of ${call?.token?.reveal() ?? 'nobody'}`);
    return request(verb, path, call);
  };
  const identity = createIdentity({
    ...{ config, method, sinks: slots, vault, clock, metrics, health, random: () => 0 },
    ...{ address: new URL('http://127.0.0.1:8200'), log: { named: () => log } },
  });
  const go = async (): Promise<void> => {
    identity.start();
    await settle();
  };
  const relogin = async (): Promise<void> => {
    await clock.advance(60_000);
    await identity.reauthenticate(identity.feed.current?.sequence ?? 0, new AbortController().signal);
    await settle();
  };
  return {
    ...{ ...fakes, metrics, identity, plan, events, go, relogin },
    count: (verb, path) => vault.calls.filter((call) => call.method === verb && call.path === path).length,
    said: (message) => log.lines.filter((line) => line.message === message).map(({ fields }) => String(fields.error)),
  };
}
