// The clients of a soak: each does one thing after another at an agent chosen by chance, and judges what it gets.
import { setTimeout as pause } from 'node:timers/promises';
import type { Chance } from './chance.js';
import type { Stage } from './stage.js';
import type { Death, Truth } from './truth.js';
import type { Ask, Reply, Wire } from './wire.js';

/** What a crowd works with. */
export interface CrowdOptions {
  readonly stage: Stage;
  readonly truth: Truth;
  readonly wire: Wire;
  readonly chance: Chance;
}

type Question = Omit<Ask, 'port'>;

/** Different reads of the same credentials. */
export const VARIANTS = 4;
const MOST_KEPT = 40;
const WHILE_DOWN_MS = 50;

/** The crowd. */
export class Crowd {
  readonly #options: CrowdOptions;
  readonly #tokens: string[] = [];
  readonly #leases: string[] = [];
  readonly #flying = new Map<number, number>();
  requests = 0;
  hits = 0;
  /** Hits with what was issued before the agent was last started. */
  restored = 0;
  /** How often each kind of request got which status; 0 for a broken connection. */
  readonly statuses: Record<string, number> = {};
  readonly violations: string[] = [];
  /** Answers of 500 and above, as they came. */
  readonly errors: string[] = [];

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  /** Requests that are under way at an agent. */
  flying(port: number): number {
    return this.#flying.get(port) ?? 0;
  }

  /** One client, until the time is over. */
  async client(until: number): Promise<void> {
    const { chance } = this.#options;
    while (Date.now() < until) {
      await this.#act();
      await pause(chance.below(20));
    }
  }

  /** Reads credentials; without a token with the agent's own. */
  async read(port: number, variant: number, token: string | undefined): Promise<Reply> {
    const kind = token === undefined ? 'read' : 'read-token';
    return this.#issued(kind, port, { method: 'GET', path: `/v1/aws/creds/app?n=${String(variant)}`, token });
  }

  async login(port: number, user: string): Promise<Reply> {
    return this.#issued('login', port, {
      method: 'PUT',
      path: `/v1/auth/userpass/login/${user}`,
      body: { password: 'pw' },
    });
  }

  async child(port: number, token: string): Promise<Reply> {
    return this.#issued('child', port, {
      method: 'POST',
      path: '/v1/auth/token/create',
      token,
      body: { ttl: '6s' },
    });
  }

  async #act(): Promise<void> {
    const { chance, stage } = this.#options;
    const port = chance.one(stage.agents)!.port;
    const dice = chance.next();
    const token = this.#pick(this.#tokens);
    const lease = this.#pick(this.#leases);
    if (dice < 0.55) return this.#soon(this.read(port, chance.below(VARIANTS), undefined));
    if (dice < 0.72) return this.#soon(this.read(port, chance.below(VARIANTS), token));
    if (dice < 0.8) return this.#soon(this.login(port, chance.one(stage.users)!));
    if (dice < 0.83) return this.#leave(port);
    if (dice < 0.86 && lease !== undefined) return this.#renew(port, lease);
    if (dice < 0.9 && token !== undefined) return this.#soon(this.child(port, token));
    if (dice < 0.95 && lease !== undefined) return this.#revokeLease(port, lease);
    if (dice < 0.98 && token !== undefined) return this.#revokeToken(port, token);
    if (lease !== undefined) return this.#revokeSilently(lease);
  }

  // mostly one that lives
  #pick(list: string[]): string | undefined {
    const { chance, truth } = this.#options;
    const at = chance.below(list.length);
    const id = list[at];
    if (id === undefined || truth.lives(id) || chance.next() < 0.3) return id;
    list.splice(at, 1);
    return undefined;
  }

  // an agent that is down is not asked without pause
  async #soon(asked: Promise<Reply>): Promise<void> {
    if ((await asked).status === 0) await pause(WHILE_DOWN_MS);
  }

  // The client leaves before the answer: what was issued for it is kept by the agent, or given back. An answer on its way to a client that has just
  // left cannot be given back, so that this is asked only for what the agent keeps: not with a token that another agent manages.
  async #leave(port: number): Promise<void> {
    const { chance, stage } = this.#options;
    const patienceMs = chance.below(4);
    const path = `/v1/aws/creds/app?n=${String(chance.below(VARIANTS))}`;
    const token = stage.agents.length > 1 ? undefined : chance.one(this.#tokens);
    await this.#ask('left', port, { method: 'GET', path, token, patienceMs });
  }

  async #renew(port: number, lease_id: string): Promise<void> {
    await this.#ask('renew', port, { method: 'PUT', path: '/v1/sys/leases/renew', body: { lease_id, increment: 4 } });
  }

  async #revokeLease(port: number, lease_id: string): Promise<void> {
    const death = this.#options.truth.kill([lease_id], port);
    const reply = await this.#ask('revoke', port, { method: 'PUT', path: '/v1/sys/leases/revoke', body: { lease_id } });
    this.#revoked(death, lease_id, reply);
  }

  async #revokeToken(port: number, token: string): Promise<void> {
    const { truth } = this.#options;
    const death = truth.kill(truth.below(token, Date.now()), port);
    const reply = await this.#ask('revoke', port, { method: 'POST', path: '/v1/auth/token/revoke', body: { token } });
    this.#revoked(death, token, reply);
  }

  // what was refused, or cut off on its way, may have changed nothing
  #revoked(death: Death, id: string, { status }: Reply): void {
    death.until = Date.now();
    if (status === 0) death.by = undefined;
    death.vain = status >= 400 || (status !== 204 && this.#options.truth.lives(id));
  }

  async #revokeSilently(lease_id: string): Promise<void> {
    const death = this.#options.truth.kill([lease_id]);
    await this.#options.stage.server.call('PUT', 'sys/leases/revoke', { body: { lease_id } });
    death.until = Date.now();
  }

  async #issued(kind: string, port: number, what: Question): Promise<Reply> {
    const { truth, stage } = this.#options;
    const askedAt = Date.now();
    const living = truth.living(askedAt);
    const before = what.token !== undefined && truth.lives(what.token);
    const reply = await this.#ask(kind, port, what);
    if (reply.status === 403 && before && truth.lives(what.token)) this.#wrong(what, 'a living token was refused');
    const id: string = reply.body?.auth?.client_token ?? reply.body?.lease_id ?? '';
    if (reply.status !== 200 || id === '') return reply;
    const now = Date.now();
    const seconds: number = reply.body.auth?.lease_duration ?? reply.body.lease_duration;
    if (reply.cache === 'HIT') {
      this.hits++;
      if (truth.seenAt(id) < stage.agents.find((agent) => agent.port === port)!.startedAt) this.restored++;
      const fault = truth.fault({ id, port, living, askedAt, now, seconds });
      if (fault !== undefined)
        this.#wrong(what, `${fault} by ${String(port)} (...${id.slice(-4)}, ${truth.history(id, askedAt)})`);
    }
    truth.saw(id, now);
    keep(reply.body.auth === null ? this.#leases : this.#tokens, id);
    return reply;
  }

  #wrong({ method, path }: Question, what: string): void {
    this.violations.push(`${new Date().toISOString()} ${method} ${path}: ${what}`);
  }

  async #ask(kind: string, port: number, what: Question): Promise<Reply> {
    this.requests++;
    this.#flying.set(port, this.flying(port) + 1);
    const reply = await this.#options.wire.ask({ port, ...what });
    this.#flying.set(port, this.flying(port) - 1);
    const told = `${kind} ${String(reply.status)}`;
    if (reply.status >= 500)
      this.errors.push(
        `${new Date().toISOString()} ${kind} ${String(reply.status)} by ${String(port)}: ${JSON.stringify(reply.body)}`,
      );
    this.statuses[told] = (this.statuses[told] ?? 0) + 1;
    return reply;
  }
}

function keep(list: string[], id: string): void {
  if (!list.includes(id)) list.push(id);
  if (list.length > MOST_KEPT) list.shift();
}
