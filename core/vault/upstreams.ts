// The addresses of the server: who is in use, asked about their health and told what requests met. Decisions are in failover.ts; this file carries
// them out. A lone address costs nothing: no question, no timer. It must not know what is requested.
import type { FailoverConfig } from '../contracts/agent-config.js';
import type { Series } from '../contracts/metrics.js';
import type { Logger } from '../sdk/index.js';
import {
  allDown,
  candidates,
  decide,
  due,
  firstState,
  type FailoverEvent,
  type FailoverState,
  type HostHealth,
} from './failover.js';
import type { Failure } from './failure.js';
import { askHealth, type HealthParts } from './health.js';
import type { Transport } from './transport.js';

/** One address. */
export interface Upstream {
  readonly index: number;
  readonly transport: Transport;
}

/** An address as people see it. */
export interface UpstreamView {
  readonly address: string;
  readonly state: HostHealth;
  readonly current: boolean;
}

/** What the addresses need. */
export interface UpstreamsParts extends Omit<HealthParts, 'timeoutMs'> {
  readonly transports: readonly Transport[];
  readonly rules: FailoverConfig;
  readonly log: Logger;
  readonly switches: Series;
}

/** Answers of a gateway or server that may mean that the address is of no use at present. */
const DOUBTFUL = new Set([501, 502, 503, 504, 508]);
/** Everyone is asked at most so often on behalf of requests. */
const ASK_GAP_MS = 1_000;

/** The addresses of one client. */
export class Upstreams {
  readonly #parts: UpstreamsParts;
  readonly #all: readonly Upstream[];
  readonly #asking = new Map<number, Promise<void>>();
  readonly #askedAt = new Map<number, number>();
  /** Why each address was of no use the last time. */
  readonly #blame = new Map<number, string>();
  #state: FailoverState;
  #stopTimer: (() => void) | undefined;
  #choice: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: UpstreamsParts) {
    this.#parts = parts;
    this.#all = parts.transports.map((transport, index) => ({ index, transport }));
    this.#state = firstState(this.#all.length);
  }

  get #lone(): boolean {
    return this.#all.length < 2;
  }

  /** The address for the next request. */
  get current(): Upstream {
    if (!this.#lone && this.#stopTimer === undefined) this.#begin();
    return this.#all[this.#state.current]!;
  }

  /** Their origins, for redirects; those of another cluster are empty. */
  get origins(): readonly string[] {
    return this.#all.map(({ transport, index }) => (this.#isForeign(index) ? '' : transport.origin));
  }

  at(index: number): Upstream {
    return this.#all[index]!;
  }

  get count(): number {
    return this.#all.length;
  }

  /** Tells what a request met at an address: failures count at once, and doubtful answers are looked into. */
  report(upstream: Upstream, outcome: { readonly failure: Failure } | { readonly status: number }): void {
    if (this.#lone) return;
    const { index } = upstream;
    const at = this.#parts.clock.now();
    if ('failure' in outcome) {
      const { kind, error } = outcome.failure;
      if (kind === 'cancelled' || kind === 'invalid') return;
      this.#apply({ kind: 'failed', host: index, at }, error.message);
      return void (this.#state.hosts[index]!.health === 'down' ? this.#askSoon(index) : this.#ask(index));
    }
    if (DOUBTFUL.has(outcome.status)) return void this.#askSoon(index);
    const { failures, health } = this.#state.hosts[index]!;
    if (failures > 0 || health === 'down') this.#apply({ kind: 'answered', host: index, at }, 'it answers');
  }

  /**
   * Another address that is known to work and was not tried yet; those that nobody has asked so far are asked first. Undefined when there is none.
   * Takes as long as one question at most.
   */
  async other(tried: ReadonlySet<Upstream>): Promise<Upstream | undefined> {
    if (this.#lone || this.#all.every((each) => tried.has(each))) return undefined;
    const known = this.#untried(tried);
    if (known !== undefined) return known;
    await Promise.all(this.#all.filter((each) => !tried.has(each)).map(({ index }) => this.#askSoon(index)));
    return this.#untried(tried);
  }

  #untried(tried: ReadonlySet<Upstream>): Upstream | undefined {
    const { current, hosts } = this.#state;
    const works = hosts[current]?.health === 'active' || hosts[current]?.health === 'standby';
    const order = works ? [current, ...candidates(this.#state)] : candidates(this.#state);
    return order.map((index) => this.#all[index]!).find((each) => !tried.has(each));
  }

  /** All addresses and what is known of them. */
  view(): readonly UpstreamView[] {
    return this.#all.map(({ transport, index }) => ({
      address: transport.address,
      state: this.#state.hosts[index]!.health,
      current: index === this.#state.current,
    }));
  }

  reload(): void {
    for (const { transport } of this.#all) transport.reload();
  }

  close(): Promise<void> {
    this.#stopTimer?.();
    this.#closed ??= Promise.all(this.#all.map(({ transport }) => transport.close())).then(() => undefined);
    return this.#closed;
  }

  #isForeign(index: number): boolean {
    return this.#state.hosts[index]?.health === 'foreign';
  }

  #begin(): void {
    this.#stopTimer = () => undefined;
    if (this.#closed !== undefined) return;
    this.#rearm();
    void this.#round(this.#all.map(({ index }) => index));
  }

  #rearm(): void {
    this.#stopTimer = this.#parts.clock.after(this.#parts.rules.checkIntervalMs, () => {
      this.#rearm();
      void this.#round(due(this.#state, this.#parts.clock.now()));
    });
  }

  async #round(hosts: readonly number[]): Promise<void> {
    await Promise.all(hosts.map((index) => this.#ask(index)));
  }

  #askSoon(index: number): Promise<void> {
    const under = this.#asking.get(index);
    if (under !== undefined) return under;
    const since = this.#parts.clock.now() - (this.#askedAt.get(index) ?? -Infinity);
    return since < ASK_GAP_MS ? Promise.resolve() : this.#ask(index);
  }

  /** One question at a time per address. */
  #ask(index: number): Promise<void> {
    const under = this.#asking.get(index);
    if (under !== undefined || this.#closed !== undefined) return under ?? Promise.resolve();
    this.#askedAt.set(index, this.#parts.clock.now());
    const question = this.#question(index).finally(() => this.#asking.delete(index));
    this.#asking.set(index, question);
    return question;
  }

  async #question(index: number): Promise<void> {
    const { clock, rules } = this.#parts;
    const said = await askHealth(this.#all[index]!.transport, { ...this.#parts, timeoutMs: rules.checkTimeoutMs });
    if (this.#closed !== undefined) return;
    const at = clock.now();
    if ('silent' in said) this.#apply({ kind: 'failed', host: index, at }, said.silent);
    else this.#apply({ kind: 'health', host: index, at, verdict: said }, said.usable ? `it is ${said.role}` : said.why);
  }

  #apply(event: FailoverEvent, why: string): void {
    if (event.kind === 'failed' || (event.kind === 'health' && !event.verdict.usable)) this.#blame.set(event.host, why);
    const before = this.#state;
    const after = decide(before, event, this.#parts.rules);
    this.#state = after;
    if (after === before) return;
    this.#tell(before, after, why);
    if (after.choosing && this.#choice === undefined) this.#choice = this.#choose();
  }

  // The address was left: the others are asked at once, and an active one among them is better than a standby.
  async #choose(): Promise<void> {
    const usable = [this.#state.current, ...candidates(this.#state)];
    const hosts = new Set([...usable, ...due(this.#state, this.#parts.clock.now())]);
    await Promise.all([...hosts].map((index) => this.#askSoon(index)));
    this.#choice = undefined;
    this.#apply({ kind: 'chosen' }, '');
  }

  #tell(before: FailoverState, after: FailoverState, why: string): void {
    const { log, switches } = this.#parts;
    const address = (index: number): string => this.#all[index]!.transport.address;
    for (const [index, { health, cluster }] of after.hosts.entries()) {
      if (health !== 'foreign' || before.hosts[index]!.health === 'foreign') continue;
      const fields = { address: address(index), cluster, expected: after.cluster };
      log.error(fields, 'an address of the server belongs to another cluster and is not used');
    }
    if (allDown(after) && !allDown(before))
      log.warn({ why }, 'no address of the server is usable; the preferred one is tried');
    if (after.current === before.current) return;
    switches.add();
    const left = after.hosts[before.current]!.health;
    if (left === 'down') why = this.#blame.get(before.current) ?? why;
    if (left === 'foreign') why = 'it belongs to another cluster';
    log.warn(
      { from: address(before.current), to: address(after.current), why },
      'switched to another address of the server',
    );
  }
}
