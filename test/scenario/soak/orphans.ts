// Secrets that live at the server and that nobody got: each is asked for at every agent, with the token that made it. What no agent gives out is lost.
import { setTimeout as pause } from 'node:timers/promises';
import { VARIANTS, type Crowd } from './crowd.js';
import type { Stage } from './stage.js';
import type { Truth, Unseen } from './truth.js';

// younger ones may still be on their way
const AGE_MS = 1500;
const EVERY_MS = 500;

/** Looks for what is lost while the soak goes on. */
export class Orphans {
  readonly #stage: Stage;
  readonly #truth: Truth;
  readonly #crowd: Crowd;
  readonly #lost = new Set<string>();

  constructor(stage: Stage, truth: Truth, crowd: Crowd) {
    this.#stage = stage;
    this.#truth = truth;
    this.#crowd = crowd;
  }

  async watch(until: number): Promise<void> {
    while (Date.now() < until) {
      await this.look();
      await pause(EVERY_MS);
    }
  }

  /** One look. */
  async look(): Promise<void> {
    const old = this.#truth.unseen(Date.now()).filter(({ issuedAtMs }) => issuedAtMs + AGE_MS < Date.now());
    for (const one of old) if (!this.#lost.has(one.id) && (await this.#asked(one))) this.#lost.add(one.id);
    const unseen = new Set(this.#truth.unseen(Date.now()).map(({ id }) => id));
    for (const { id } of old) if (!unseen.has(id) && this.#truth.living(Date.now()).has(id)) this.#lost.delete(id);
  }

  /** How many so far. */
  get count(): number {
    return this.#lost.size;
  }

  /** What is known of each, for the verdict. */
  get list(): readonly string[] {
    return [...this.#lost];
  }

  // True when every agent was asked and it is still unseen and alive.
  async #asked({ id, token }: Unseen): Promise<boolean> {
    const { agents, users } = this.#stage;
    const own = token !== undefined && !this.#isClients(token) ? undefined : token;
    for (const { port } of agents) {
      if (id.startsWith('aws/')) {
        for (let n = 0; n < VARIANTS; n++) if ((await this.#crowd.read(port, n, own)).status === 0) return false;
      } else if (token === undefined) {
        for (const user of users) if ((await this.#crowd.login(port, user)).status === 0) return false;
      } else if ((await this.#crowd.child(port, token)).status === 0) return false;
    }
    return this.#truth.unseen(Date.now()).some((one) => one.id === id);
  }

  #isClients(token: string): boolean {
    return this.#stage.server.world.tokens.find(token)?.path.startsWith('auth/approle/') === false;
  }
}
