// The soak: a crowd of clients issues, renews, revokes and re-reads while agents are killed, stores go away and tokens die, and every HIT is judged by
// what the server knew when the request began. Used by the scenario of 20 seconds and by the bench of 10 minutes.
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentProcess } from './agent-process.js';
import { chanceOf, type Chance } from './chance.js';
import { REVALIDATE_S, type Stage } from './stage.js';
import { Truth } from './truth.js';
import { Wire, type Reply } from './wire.js';

/** How a soak goes. */
export interface SoakOptions {
  readonly stage: Stage;
  readonly seconds: number;
  readonly seed: number;
  readonly clients: number;
  /** An outage of the store that ends by itself; undefined for none. */
  readonly outage?: (() => Promise<void>) | undefined;
}

/** What came of it. */
export interface Verdict {
  readonly requests: number;
  readonly hits: number;
  readonly kills: number;
  readonly outages: number;
  readonly relogins: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** HITs with a dead secret. Must be empty. */
  readonly violations: readonly string[];
  /** Secrets that live at the server and were given to no client; at most `lost`. */
  readonly orphans: number;
  /** Requests that were under way when an agent was killed. */
  readonly lost: number;
  /** Memory of the first agent, MB, once a second while it was up. */
  readonly rssMb: readonly number[];
}

const SLACK_MS = 500;

class Crowd {
  readonly #options: SoakOptions;
  readonly #wire = new Wire();
  readonly #truth: Truth;
  readonly #chance: Chance;
  readonly #tokens: string[] = [];
  readonly #leases: string[] = [];
  readonly #flying = new Map<number, number>();
  readonly counts = { requests: 0, hits: 0, kills: 0, outages: 0, relogins: 0, lost: 0 };
  readonly statuses: Record<string, number> = {};
  readonly violations: string[] = [];
  readonly rssMb: number[] = [];

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#chance = chanceOf(options.seed);
    this.#truth = new Truth(options.stage.server, 'aws', REVALIDATE_S * 1000 + SLACK_MS);
  }

  /** One client: does one thing after another until the time is over. */
  async client(until: number): Promise<void> {
    while (Date.now() < until) {
      await this.#act();
      await pause(this.#chance.below(20));
    }
  }

  /** Kills, outages and dead tokens, until the time is over. */
  async trouble(until: number): Promise<void> {
    const { agents } = this.#options.stage;
    while (Date.now() < until) {
      await pause(400 + this.#chance.below(800));
      const dice = this.#chance.next();
      if (dice < 0.35) await this.#kill(this.#chance.one(agents)!);
      else if (dice < 0.55) this.#killIdentities();
      else if (dice < 0.75 && this.#options.outage !== undefined) {
        this.counts.outages++;
        await this.#options.outage();
      }
      this.rssMb.push(Math.round(agents[0]!.rssMb()));
    }
  }

  /** Asks once for everything the agents may hold, so that what they fetched on their own is known; the result is what nobody got. */
  async settle(): Promise<number> {
    await pause(1_000);
    const { agents } = this.#options.stage;
    for (const { port } of agents)
      for (const token of [undefined, ...this.#tokens])
        for (let n = 0; n < VARIANTS; n++) await this.#read(port, n, token);
    await pause(500);
    const orphans = this.#truth.orphans(Date.now()).length;
    this.#wire.close();
    return orphans;
  }

  async #act(): Promise<void> {
    const { port } = this.#options.stage.agents[this.#chance.below(this.#options.stage.agents.length)]!;
    const dice = this.#chance.next();
    if (dice < 0.55) return this.#read(port, this.#chance.below(VARIANTS), undefined);
    if (dice < 0.75) return this.#read(port, this.#chance.below(VARIANTS), this.#chance.one(this.#tokens));
    if (dice < 0.85) return this.#login(port);
    if (dice < 0.9) return this.#child(port);
    if (dice < 0.96) return this.#revokeLease(port);
    if (dice < 0.98) return this.#revokeToken(port);
    return this.#revokeSilently();
  }

  async #read(port: number, variant: number, token: string | undefined): Promise<void> {
    await this.#issued(port, { method: 'GET', path: `/v1/aws/creds/app?n=${String(variant)}`, token });
  }

  async #login(port: number): Promise<void> {
    const user = this.#chance.one(this.#options.stage.users)!;
    await this.#issued(port, { method: 'PUT', path: `/v1/auth/userpass/login/${user}`, body: { password: 'pw' } });
  }

  async #child(port: number): Promise<void> {
    const token = this.#chance.one(this.#tokens);
    if (token === undefined) return;
    await this.#issued(port, { method: 'POST', path: '/v1/auth/token/create', token, body: { ttl: '6s' } });
  }

  async #revokeLease(port: number): Promise<void> {
    const lease_id = this.#chance.one(this.#leases);
    if (lease_id !== undefined)
      await this.#ask(port, { method: 'PUT', path: '/v1/sys/leases/revoke', body: { lease_id } });
  }

  async #revokeToken(port: number): Promise<void> {
    const token = this.#chance.one(this.#tokens);
    if (token !== undefined) await this.#ask(port, { method: 'POST', path: '/v1/auth/token/revoke', body: { token } });
  }

  async #revokeSilently(): Promise<void> {
    const lease_id = this.#chance.one(this.#leases);
    if (lease_id === undefined) return;
    this.#truth.killSilently([lease_id], Date.now());
    await this.#options.stage.server.call('PUT', 'sys/leases/revoke', { body: { lease_id } });
  }

  // An admin revokes the agents' own tokens.
  #killIdentities(): void {
    const { tokens } = this.#options.stage.server.world;
    for (const entry of tokens.all()) {
      if (!entry.path.startsWith('auth/approle/')) continue;
      this.counts.relogins++;
      this.#truth.killSilently(this.#truth.below(entry.id, Date.now()), Date.now());
      void tokens.revoke(entry);
    }
  }

  async #kill(agent: AgentProcess): Promise<void> {
    this.counts.kills++;
    this.counts.lost += this.#flying.get(agent.port) ?? 0;
    await agent.end('SIGKILL');
    await agent.start();
  }

  async #issued(port: number, what: Omit<Parameters<Wire['ask']>[0], 'port'>): Promise<void> {
    const askedAt = Date.now();
    const living = this.#truth.living(askedAt);
    const reply = await this.#ask(port, what);
    const id: string = reply.body?.auth?.client_token ?? reply.body?.lease_id ?? '';
    if (reply.status !== 200 || id === '') return;
    const now = Date.now();
    if (reply.cache === 'HIT') this.#judge(id, { living, askedAt, now, path: what.path });
    this.#truth.saw(id, now);
    keep(reply.body.auth === null ? this.#leases : this.#tokens, id);
  }

  #judge(id: string, at: { living: ReadonlySet<string>; askedAt: number; now: number; path: string }): void {
    this.counts.hits++;
    if (!this.#truth.allows(id, at.living, at.askedAt, at.now))
      this.violations.push(
        `${new Date(at.now).toISOString()} ${at.path}: a dead secret was given out (...${id.slice(-4)})`,
      );
  }

  async #ask(port: number, what: Omit<Parameters<Wire['ask']>[0], 'port'>): Promise<Reply> {
    this.counts.requests++;
    this.#flying.set(port, (this.#flying.get(port) ?? 0) + 1);
    const reply = await this.#wire.ask({ port, ...what });
    this.#flying.set(port, this.#flying.get(port)! - 1);
    this.statuses[reply.status] = (this.statuses[reply.status] ?? 0) + 1;
    return reply;
  }
}

const VARIANTS = 4;
const MOST_KEPT = 40;

function keep(list: string[], id: string): void {
  if (!list.includes(id)) list.push(id);
  if (list.length > MOST_KEPT) list.shift();
}

/** Runs one soak. The stage stays open. */
export async function soak(options: SoakOptions): Promise<Verdict> {
  const crowd = new Crowd(options);
  const until = Date.now() + options.seconds * 1000;
  const clients = Array.from({ length: options.clients }, () => crowd.client(until));
  await Promise.all([...clients, crowd.trouble(until)]);
  const orphans = await crowd.settle();
  const { counts, statuses, violations, rssMb } = crowd;
  return { ...counts, statuses, violations, rssMb, orphans };
}
