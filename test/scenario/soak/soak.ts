// The soak: a crowd of clients issues, renews, revokes and re-reads while agents are killed, stores go away and tokens die, and every HIT is judged by
// what the server knew when the request began. Used by the scenario of 20 seconds and by the bench of 10 minutes.
import { setTimeout as pause } from 'node:timers/promises';
import type { AgentProcess } from './agent-process.js';
import { chanceOf, type Chance } from './chance.js';
import { Crowd } from './crowd.js';
import { Orphans } from './orphans.js';
import { REVALIDATE_S, type Stage } from './stage.js';
import { Truth } from './truth.js';
import type { Verdict } from './verdict.js';
import { Wire } from './wire.js';

/** How a soak goes. */
export interface SoakOptions {
  readonly stage: Stage;
  readonly seconds: number;
  readonly seed: number;
  readonly clients: number;
  /** An outage of the store that ends by itself; undefined for none. */
  readonly outage?: (() => Promise<void>) | undefined;
  /** Nobody is killed in this last part of the time, so that memory can be compared; default 0. */
  readonly calm?: number;
}

const SLACK_MS = 500;

class Trouble {
  readonly #options: SoakOptions;
  readonly #crowd: Crowd;
  readonly #truth: Truth;
  readonly #chance: Chance;
  kills = 0;
  outages = 0;
  relogins = 0;
  lost = 0;
  readonly crashes: string[] = [];
  readonly rssMb: number[] = [];

  constructor(options: SoakOptions, parts: { readonly crowd: Crowd; readonly truth: Truth; readonly chance: Chance }) {
    this.#options = options;
    this.#crowd = parts.crowd;
    this.#truth = parts.truth;
    this.#chance = parts.chance;
  }

  /** Kills, outages and dead tokens, until the time is over. */
  async go(until: number): Promise<void> {
    const { stage, seconds, calm = 0, outage } = this.#options;
    const calmFrom = until - calm * seconds * 1000;
    while (Date.now() < until) {
      await pause(300 + this.#chance.below(700));
      await this.#raise();
      const dice = this.#chance.next();
      if (dice < 0.3 && Date.now() < calmFrom) await this.#kill(this.#chance.one(stage.agents)!);
      else if (dice < 0.4) this.#killIdentities();
      else if (dice < 0.8 && outage !== undefined) {
        this.outages++;
        await outage();
      }
    }
  }

  /** Memory of the first agent once a second. */
  async measure(until: number): Promise<void> {
    const [agent] = this.#options.stage.agents;
    while (Date.now() < until) {
      await pause(1000);
      if (agent!.up) this.rssMb.push(Math.round(agent!.rssMb()));
    }
  }

  // an agent that ended by itself is a violation, and started again
  async #raise(): Promise<void> {
    for (const agent of this.#options.stage.agents) {
      if (agent.crash === undefined) continue;
      this.crashes.push(agent.crash);
      await agent.start();
    }
  }

  // An admin revokes the agents' own tokens.
  #killIdentities(): void {
    const { tokens } = this.#options.stage.server.world;
    for (const entry of tokens.all()) {
      if (!entry.path.startsWith('auth/approle/')) continue;
      this.relogins++;
      const death = this.#truth.kill(this.#truth.below(entry.id, Date.now()));
      void tokens.revoke(entry);
      death.until = Date.now();
    }
  }

  async #kill(agent: AgentProcess): Promise<void> {
    this.kills++;
    this.lost += this.#crowd.flying(agent.port);
    await agent.end('SIGKILL');
    await agent.start();
  }
}

/** Runs one soak. The stage stays open. */
export async function soak(options: SoakOptions): Promise<Verdict> {
  const { stage, seconds, seed, clients: count } = options;
  const chance = chanceOf(seed);
  const truth = new Truth(stage.server, 'aws', REVALIDATE_S * 1000 + SLACK_MS);
  const wire = new Wire();
  const crowd = new Crowd({ stage, truth, wire, chance });
  const orphans = new Orphans(stage, truth, crowd);
  const trouble = new Trouble(options, { crowd, truth, chance: chanceOf(seed + 1) });
  const until = Date.now() + seconds * 1000;
  const clients = Array.from({ length: count }, () => crowd.client(until));
  await Promise.all([...clients, trouble.go(until), trouble.measure(until), orphans.watch(until)]);
  await pause(2_000);
  await orphans.look();
  wire.close();
  const { kills, outages, relogins, lost, crashes, rssMb } = trouble;
  const { requests, hits, restored, statuses, violations, errors } = crowd;
  const seen = {
    seed,
    agents: stage.agents.length,
    requests,
    hits,
    restored,
    statuses,
    violations,
    errors,
    orphans: orphans.list,
  };
  return { ...seen, kills, outages, relogins, lost, crashes, rssMb };
}
