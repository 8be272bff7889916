// Which of several addresses is used: (state, event) -> state. Pure; it must not know how addresses are asked or what is sent to them.
// Sticky: the address in use stays while it works. An address that fails often enough is left and rests; after that a question about its health,
// not a request, decides whether it may be used again. An address of another cluster is never chosen: it would get tokens.
import type { FailoverConfig } from '../contracts/agent-config.js';

/** Used where the configuration says nothing. */
export const FAILOVER_DEFAULTS: FailoverConfig = {
  checkIntervalMs: 10_000,
  checkTimeoutMs: 2_000,
  failures: 2,
  coolDownMs: 30_000,
};

/** What is known of one address. `foreign`: it belongs to another cluster. */
export type HostHealth = 'unknown' | 'active' | 'standby' | 'down' | 'foreign';

/** One address. */
export interface Host {
  readonly health: HostHealth;
  /** Failures in a row. */
  readonly failures: number;
  /** Wall clock, ms: until then an address that is down or foreign is left alone. */
  readonly restsUntil: number;
  /** `cluster_id` as it was told last. */
  readonly cluster: string | undefined;
}

/** All addresses, in the order of the configuration. */
export interface FailoverState {
  /** Index of the address in use. */
  readonly current: number;
  /** The cluster that tokens may go to; undefined until the address in use has named it. */
  readonly cluster: string | undefined;
  /** True between leaving an address and the end of the questions about the others: an active server may still replace a standby. */
  readonly choosing: boolean;
  readonly hosts: readonly Host[];
}

/** What an answer to sys/health means. */
export type Verdict =
  | { readonly usable: true; readonly role: 'active' | 'standby'; readonly cluster: string | undefined }
  | { readonly usable: false; readonly why: string };

/** What happened. `failed`: no answer; `answered`: a request got one; `health`: sys/health was answered; `chosen`: all were asked. */
export type FailoverEvent =
  | { readonly kind: 'failed'; readonly host: number; readonly at: number }
  | { readonly kind: 'answered'; readonly host: number; readonly at: number }
  | { readonly kind: 'health'; readonly host: number; readonly at: number; readonly verdict: Verdict }
  | { readonly kind: 'chosen' };

/** The state before anything is known: the first address is in use. */
export function firstState(count: number): FailoverState {
  const host: Host = { health: 'unknown', failures: 0, restsUntil: 0, cluster: undefined };
  return { current: 0, cluster: undefined, choosing: false, hosts: Array.from({ length: count }, () => host) };
}

/** 200 is active; 429, 472 and 473 are standbys that answer or send on; everything else (501, 503, 508 ...) is not usable. */
export function verdictOf(status: number, body: unknown): Verdict {
  const id = (body as { cluster_id?: unknown } | null | undefined)?.cluster_id;
  const cluster = typeof id === 'string' && id !== '' ? id : undefined;
  if (status === 200) return { usable: true, role: 'active', cluster };
  if (status === 429 || status === 472 || status === 473) return { usable: true, role: 'standby', cluster };
  const words: Readonly<Record<number, string>> = {
    501: 'it is not initialised',
    503: 'it is sealed',
    508: 'it is this agent itself',
  };
  return { usable: false, why: words[status] ?? `sys/health answers with status ${status}` };
}

/** The next state. */
export function decide(state: FailoverState, event: FailoverEvent, rules: FailoverConfig): FailoverState {
  if (event.kind === 'chosen') return state.choosing ? { ...state, choosing: false } : state;
  const host = state.hosts[event.host];
  if (host === undefined) return state;
  const next = withHost(state, event.host, judged(host, event, rules));
  return settled(named(next, event), event.at, rules);
}

function judged(host: Host, event: Exclude<FailoverEvent, { kind: 'chosen' }>, rules: FailoverConfig): Host {
  const { at } = event;
  if (event.kind === 'answered') {
    const health = host.health === 'down' ? 'standby' : host.health;
    return { ...host, health, failures: 0 };
  }
  if (event.kind === 'failed') {
    const failures = host.failures + 1;
    return failures < rules.failures && host.health !== 'down'
      ? { ...host, failures }
      : down(host, failures, at, rules);
  }
  const { verdict } = event;
  if (!verdict.usable) return down(host, rules.failures, at, rules);
  return { health: verdict.role, failures: 0, restsUntil: 0, cluster: verdict.cluster ?? host.cluster };
}

const down = (host: Host, failures: number, at: number, rules: FailoverConfig): Host => ({
  ...host,
  health: 'down',
  failures,
  restsUntil: at + rules.coolDownMs,
});

function withHost(state: FailoverState, index: number, host: Host): FailoverState {
  return { ...state, hosts: state.hosts.map((old, at) => (at === index ? host : old)) };
}

// The address in use names the cluster. When every address names another one, the cluster was made anew: the operator's list is believed again.
function named(state: FailoverState, event: FailoverEvent): FailoverState {
  const own = state.hosts[state.current]?.cluster;
  if (state.cluster === undefined) return isUsed(state) ? { ...state, cluster: own } : state;
  if (event.kind !== 'health' || own === undefined) return state;
  const gone = state.hosts.every(({ cluster }) => cluster !== undefined && cluster !== state.cluster);
  return gone ? { ...state, cluster: own } : state;
}

const isUsed = ({ hosts, current }: FailoverState): boolean => isUp(hosts[current]);
const isUp = (host: Host | undefined): boolean => host?.health === 'active' || host?.health === 'standby';

function settled(given: FailoverState, at: number, rules: FailoverConfig): FailoverState {
  const state = banished(given, at, rules);
  const { health } = state.hosts[state.current]!;
  const lost = health === 'down' || health === 'foreign';
  const [best] = candidates(state);
  if (lost) return best === undefined ? fallback(state) : taken(state, best, true);
  if (!state.choosing || best === undefined) return state;
  return health === 'standby' && state.hosts[best]!.health === 'active' ? taken(state, best, true) : state;
}

function taken(state: FailoverState, index: number, choosing: boolean): FailoverState {
  return { ...state, current: index, choosing, cluster: state.cluster ?? state.hosts[index]?.cluster };
}

// Nothing is usable: as with one address, the preferred one is tried, and its errors are what clients see.
function fallback(state: FailoverState): FailoverState {
  const preferred = state.hosts.findIndex(({ health }) => health !== 'foreign');
  return preferred < 0 || preferred === state.current
    ? { ...state, choosing: true }
    : { ...state, current: preferred, choosing: true };
}

function banished(state: FailoverState, at: number, rules: FailoverConfig): FailoverState {
  const { cluster } = state;
  const strange = (host: Host): boolean =>
    cluster !== undefined && host.cluster !== undefined && host.cluster !== cluster;
  if (!state.hosts.some((host) => strange(host) !== (host.health === 'foreign'))) return state;
  const hosts = state.hosts.map((host): Host => {
    if (strange(host)) return { ...host, health: 'foreign', restsUntil: at + rules.coolDownMs };
    return host.health === 'foreign' ? { ...host, health: 'unknown', restsUntil: 0 } : host;
  });
  return { ...state, hosts };
}

/** Indexes of the addresses besides the current one that may be used at once, best first: active before standby, then in their order. */
export function candidates(state: FailoverState): number[] {
  const rank = (index: number): number => (state.hosts[index]!.health === 'active' ? 0 : 1);
  return [...state.hosts.keys()]
    .filter((index) => index !== state.current && isUp(state.hosts[index]))
    .sort((a, b) => rank(a) - rank(b) || a - b);
}

/** True when no address is known to work. */
export function allDown(state: FailoverState): boolean {
  return state.hosts.every(({ health }) => health === 'down' || health === 'foreign');
}

/** Whose health is asked for at `at`: the address in use, those whose rest is over, and everyone while nothing works. */
export function due(state: FailoverState, at: number): number[] {
  if (allDown(state)) return [...state.hosts.keys()];
  return [...state.hosts.keys()].filter((index) => {
    const { health, restsUntil } = state.hosts[index]!;
    if (index === state.current || health === 'unknown') return true;
    return (health === 'down' || health === 'foreign') && at >= restsUntil;
  });
}
