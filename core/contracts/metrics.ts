// The metric port and every metric name, once. Names are without prefix (spec config 3.8, cache section 11).

/** Every metric: kind and help text. Labels are part of the call. */
export const METRICS = {
  'agent.auth.success': { kind: 'counter', help: 'logins and renewals of the agent that succeeded' },
  'agent.auth.failure': { kind: 'counter', help: 'logins and renewals of the agent that failed' },
  'agent.authenticated': { kind: 'gauge', help: '1 while the agent holds a valid token' },
  'proxy.auth.success': { kind: 'counter', help: 'logins and renewals of `claviger proxy` that succeeded' },
  'proxy.auth.failure': { kind: 'counter', help: 'logins and renewals of `claviger proxy` that failed' },
  'proxy.authenticated': { kind: 'gauge', help: '1 while `claviger proxy` holds a valid token' },
  'agent.proxy.success': { kind: 'counter', help: 'requests answered without an error' },
  'agent.proxy.client_error': { kind: 'counter', help: 'requests the server answered with an error' },
  'agent.proxy.error': { kind: 'counter', help: 'requests that got no answer from the server' },
  'agent.cache.hit': { kind: 'counter', help: 'requests answered from the cache' },
  'agent.cache.miss': { kind: 'counter', help: 'requests that went to the server' },
  'agent.cache.bypass': { kind: 'counter', help: 'requests or answers that cannot be cached, by reason' },
  'agent.cache.entries': { kind: 'gauge', help: 'secrets held by the cache' },
  'agent.cache.bytes': {
    kind: 'gauge',
    help: 'bytes of the secrets held by the cache, with what they cost beside their answers',
  },
  'agent.cache.refused': { kind: 'counter', help: 'secrets that the cache had no room for, by reason' },
  'agent.cache.evictions': { kind: 'counter', help: 'secrets removed from the cache, by reason' },
  'agent.cache.renewals': { kind: 'counter', help: 'renewals of cached secrets, by outcome' },
  'agent.cache.static.entries': { kind: 'gauge', help: 'answers of static secrets held by the cache' },
  'agent.cache.static.refreshes': {
    kind: 'counter',
    help: 'static secrets fetched anew in the background, by outcome',
  },
  'agent.cache.static.stale': { kind: 'counter', help: 'static secrets given out past their time to live, by reason' },
  'agent.sink.success': { kind: 'counter', help: 'tokens delivered to sinks' },
  'agent.sink.failure': { kind: 'counter', help: 'deliveries to sinks that failed' },
  'agent.upstream.switches': { kind: 'counter', help: 'changes from one address of the server to another' },
  'agent.upstream.retries': { kind: 'counter', help: 'requests to the server that were sent again' },
} as const;

/** A metric name. */
export type MetricName = keyof typeof METRICS;

/** One labelled series. `add` on counters and gauges, `set` on gauges. */
export interface Series {
  add(by?: number): void;
  set(value: number): void;
}

/** Where parts of the agent count. Get the series once, keep it: `series` is not for hot paths. */
export interface Metrics {
  series(name: MetricName, labels?: Readonly<Record<string, string>>): Series;
}
