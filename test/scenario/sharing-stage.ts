// The stage of the sharing scenarios: a dev server, a real Redis, and agents that each reach it through a relay of their own, which can be slow or
// mute. Virtual time, but Redis is real: time stands still while an answer of it is under way.
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { startRedis, tellRedis, type RedisServer } from '../../plugins/cache-store/redis/harness-server.js';
import type { Answer, Question } from './client.js';
import { plant } from './collector.js';
import { LISTENER, onRig, type Rig, type RunningAgent } from './rig.js';
import { quiet, until } from './until.js';

const PASSWORD = plant('the password of Redis', 'planted-redis-password');

/** How a relay treats what comes from Redis. */
export type Manner = 'passes' | 'mute' | { readonly delayMs: number };

/** One agent's way to Redis. */
export class Relay {
  manner: Manner = 'passes';
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #asking = new Set<Socket>();
  /** Bytes so far. */
  passed = 0;

  constructor(target: () => number) {
    this.#server = createServer((client) => this.#join(client, connect(target(), '127.0.0.1')));
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** True while an answer is awaited that will come. */
  get busy(): boolean {
    return this.manner !== 'mute' && this.#asking.size > 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, redis: Socket): void {
    for (const socket of [client, redis]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (chunk: Buffer) => {
      this.#asking.add(client);
      redis.write(chunk);
    });
    redis.on('data', (chunk: Buffer) => this.#answer(client, chunk));
    client.on('close', () => {
      this.#asking.delete(client);
      redis.destroy();
    });
    redis.on('close', () => client.destroy());
  }

  #answer(client: Socket, chunk: Buffer): void {
    if (this.manner === 'mute') return;
    const pass = (): void => {
      this.#asking.delete(client);
      this.passed += chunk.length;
      client.write(chunk);
    };
    if (this.manner === 'passes') pass();
    else setTimeout(pass, this.manner.delayMs);
  }
}

/** One agent of several. */
export interface SharingAgent extends RunningAgent {
  readonly relay: Relay;
  /** `HIT <lease>` or `MISS <lease>`; only the status for an error. */
  get(path?: string, question?: Question): Promise<string>;
  /** States of what it holds, by path and namespace. */
  states(): Promise<string[]>;
}

/** What the next agent is like. */
export interface Wishes {
  readonly method?: string;
  /** More lines of `persist`. */
  readonly persist?: string;
  /** More lines of `cache`. */
  readonly cache?: string;
  /** Its start takes time. */
  readonly waits?: boolean;
}

/** Arguments that make the agents' user, with the rules that the README of the plugin gives. */
const USER = ['--user', 'agent', 'on', `>${PASSWORD}`, ...rulesOfReadme()];

function rulesOfReadme(): string[] {
  const readme = readFileSync(new URL('../../../plugins/cache-store/redis/README.md', import.meta.url), 'utf8');
  const rules = /ACL SETUSER claviger on >password ([^`]+)`/.exec(readme)![1]!;
  return rules.replaceAll('{claviger}', '{team}').split(' ');
}

/** A path whose answers have a lease. */
export const CREDS = '/v1/aws/creds/app';

/** The stage itself. */
export class SharingStage {
  readonly rig: Rig;
  redis: RedisServer;
  readonly agents: SharingAgent[] = [];
  readonly #method: string;
  readonly #args: readonly string[];
  readonly #relays: Relay[] = [];

  constructor(given: {
    readonly rig: Rig;
    readonly redis: RedisServer;
    readonly method: string;
    readonly args: readonly string[];
  }) {
    this.rig = given.rig;
    this.redis = given.redis;
    this.#method = given.method;
    this.#args = given.args;
  }

  /** Starts an agent with the name `instance`. */
  async agent(
    instance: string,
    { method = this.#method, persist = '', cache = '', waits = false }: Wishes = {},
  ): Promise<SharingAgent> {
    const relay = await new Relay(() => this.redis.port).start();
    this.#relays.push(relay);
    const store = [
      `url = "redis://agent:${PASSWORD}@127.0.0.1:${String(relay.port)}"`,
      'prefix = "team"',
      'share = true',
      `instance = "${instance}"`,
      `key_provider "key_file" {\n path = "${this.rig.path('shared.key')}"\n }`,
      persist,
    ].join('\n    ');
    const starting = this.rig.agent(
      `auto_auth {\n${method}}\napi_proxy {\n  use_auto_auth_token = true\n}\ncache {\n  ${cache}\n  persist "redis" {\n    ${store}\n  }\n}\n${LISTENER}`,
    );
    const running = waits ? await this.#passing('the start of an agent', starting) : await starting;
    const agent: SharingAgent = {
      ...running,
      relay,
      get: async (path = CREDS, question) => seen(await running.ask(path, question)),
      states: async () => ((await running.ask('/agent/v1/cache')).json.entries as Shown[]).map(({ state }) => state),
    };
    this.agents.push(agent);
    await this.pass(50);
    return agent;
  }

  /** Lets virtual time pass, and all traffic that it causes. */
  async pass(ms: number): Promise<void> {
    const clock = this.rig.clock as VirtualClock;
    const end = clock.now() + ms;
    await this.#still();
    while (clock.now() < end) {
      await clock.advance(Math.min(clock.nextInMs ?? Infinity, end - clock.now()));
      await this.#still();
    }
  }

  // What goes to another process is on its way for longer than a few turns of the loop.
  async #still(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await quiet(this);
  }

  /** Lets virtual time pass until something is so; agents that wait for Redis wait in real time. */
  async passUntil(what: string, look: () => unknown, stepMs = 500): Promise<void> {
    await until(what, async () => {
      if (await look()) return true;
      await this.pass(stepMs);
      return undefined;
    });
  }

  /** Lets time pass until an agent has its store and shares. */
  async ready(agent: SharingAgent): Promise<void> {
    await this.passUntil('the store', async () => {
      const { text } = await agent.ask('/agent/v1/readyz?verbose');
      return text.includes('[+]cache_journal') && text.includes('[+]cache_sharing');
    });
  }

  /** Asks an agent that needs time to answer, because it logs in anew. */
  async getPassing(agent: SharingAgent, path = CREDS): Promise<string> {
    return this.#passing('an answer', agent.get(path));
  }

  async #passing<T>(what: string, work: Promise<T>): Promise<T> {
    let done = false;
    const marked = work.finally(() => (done = true));
    await this.passUntil(what, () => done);
    return marked;
  }

  /** A client's own token, obtained by a login through an agent. */
  async login(agent: SharingAgent): Promise<Record<'X-Vault-Token', string>> {
    const body = { role_id: this.rig.read('app.role-id'), secret_id: this.rig.read('app.secret-id') };
    const { json } = await agent.ask('/v1/auth/approle/login', { method: 'POST', body });
    return { 'X-Vault-Token': json.auth.client_token as string };
  }

  /** Starts Redis again on its port, with the data that it had written to its disk. */
  async restart(): Promise<void> {
    this.redis = await startRedis({ port: this.redis.port, args: this.#args });
  }

  mark(): string | undefined {
    if (this.#relays.some(({ busy }) => busy)) return undefined;
    const own = this.rig.mark();
    return own && `${own} ${this.#relays.map(({ passed }) => passed).join('/')}`;
  }

  /** Leases that live at the server. */
  async leases(path = 'aws/creds/app', namespace = ''): Promise<string[]> {
    const headers = namespace === '' ? {} : { 'X-Vault-Namespace': namespace };
    const { status, body } = await this.rig.server.call('LIST', `sys/leases/lookup/${path}`, { headers });
    return status === 404 ? [] : (body as { data: { keys: string[] } }).data.keys.map((key) => `${path}/${key}`);
  }

  /** Paths of the requests of agents that succeeded, newest last. */
  calls(paths: RegExp): string[] {
    return this.rig.server.requests.all
      .filter(({ path }) => paths.test(path))
      .map(({ path, accessor }) => `${path} ${accessor}`);
  }

  /** Everything in Redis: keys and values. */
  async dump(): Promise<string> {
    const script = `
      local all = {}
      for _, key in ipairs(redis.call('KEYS', '*')) do
        local value = redis.call('TYPE', key).ok == 'zset' and redis.call('ZRANGE', key, 0, -1) or { redis.call('GET', key) }
        all[#all + 1] = key .. ' ' .. table.concat(value, ' ')
      end
      return table.concat(all, ' ')`;
    return tellRedis(this.redis.port, 'EVAL', script, '0');
  }

  async close(): Promise<void> {
    for (const agent of this.agents) await agent.stop().catch(() => undefined);
    for (const relay of this.#relays) await relay.stop();
    await this.redis.kill();
  }
}

interface Shown {
  readonly state: string;
}

const seen = ({ status, headers, json }: Answer): string =>
  status === 200 ? `${String(headers['x-cache'])} ${String(json.lease_id)}` : String(status);

/** Plays one scenario. Leases live for a minute, at most ten. */
export function onStage(
  scenario: (stage: SharingStage) => Promise<void>,
  redis: readonly string[] = [],
): Promise<void> {
  return onRig({ clock: new VirtualClock() }, async (rig) => {
    await rig.engines('60s', '600s');
    const { method } = await rig.approle('app');
    const args = [...USER, '--dir', rig.folder, ...redis];
    const stage = new SharingStage({ rig, redis: await startRedis({ args }), method, args });
    try {
      await scenario(stage);
    } finally {
      await stage.close();
    }
  });
}
