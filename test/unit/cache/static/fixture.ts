// A cache of static secrets with stand-ins, or over a real dev server, and short words for what tests do with it.
import { Room, type RoomLimits } from '../../../../core/cache/room.js';
import type { BackgroundGet, BackgroundReply } from '../../../../core/cache/static/fetching.js';
import { createStaticCache, type StaticCacheOptions } from '../../../../core/cache/static/static-cache.js';
import type { StaticConfig } from '../../../../core/contracts/agent-config.js';
import type { Exchange } from '../../../../core/contracts/exchange.js';
import type { Journal, JournalRecord } from '../../../../core/contracts/journal.js';
import type { BufferedReply } from '../../../../core/contracts/lease-cache.js';
import type { StaticCache, StaticHit } from '../../../../core/contracts/static-cache.js';
import { createDevServer, type DevServer } from '../../../../core/dev-server/server.js';
import { agentError, Secret, type Vault, type VaultCall } from '../../../../core/sdk/index.js';
import { LogSpy, settle, VaultFake, VirtualClock } from '../../../../core/sdk/testing/index.js';
import { MetricRegistry } from '../../../../core/telemetry/metrics.js';

export const MINUTE = 60_000;

export const CONFIG: StaticConfig = {
  ttlMs: 5 * MINUTE,
  paths: [],
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  capabilityRefreshMs: 5 * MINUTE,
  capabilityRefresh: 'optimistic',
  versionPollMs: 0,
  prefetch: [],
  at: 'test',
};

export type Wishes = Partial<Omit<Exchange, 'token' | 'body'>> & { token?: string; body?: string };

export function exchange(method: string, target: string, wishes: Wishes = {}): Exchange {
  const [path, query = ''] = target.split('?', 2) as [string, string?];
  const { token = 'hvs.one', body = '', ...rest } = wishes;
  return {
    id: 'x',
    method,
    path,
    query,
    headers: [],
    signal: new AbortController().signal,
    identity: 'default',
    namespace: '',
    notes: {},
    ...rest,
    body: Buffer.from(body),
    token: token === '' ? undefined : new Secret(token),
  };
}

export function reply(value: unknown, more: Partial<BufferedReply> = {}): BufferedReply {
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { status: 200, headers: ['Content-Type', 'application/json'], body, ...more };
}

export const kv1 = (data: object = { a: '1' }, more: object = {}): object => ({
  request_id: 'r',
  lease_id: '',
  renewable: false,
  lease_duration: 2764800,
  data,
  wrap_info: null,
  warnings: null,
  auth: null,
  mount_type: 'kv',
  ...more,
});

export const kv2 = (version: number, created = '2026-01-01T00:00:00Z', more: object = {}): object =>
  kv1({
    data: { a: `${version}` },
    metadata: { created_time: created, deletion_time: '', destroyed: false, version, custom_metadata: null, ...more },
  });

export const lookup = (more: object = {}): { status: number; body: object } => ({
  status: 200,
  body: { data: { num_uses: 0, ttl: 0, expire_time: null, orphan: true, accessor: 'acc', ...more } },
});

/** A journal that keeps marks, and gives records when told. */
export class JournalFake implements Journal {
  readonly marks = new Map<string, () => Uint8Array | undefined>();
  readonly cleared: string[] = [];
  #take: ((records: readonly JournalRecord[]) => void) | undefined;

  mark(key: string, encode: () => Uint8Array | undefined): void {
    this.marks.set(key, encode);
  }

  settled(): undefined {
    return undefined;
  }

  onRestored(_prefix: string, take: (records: readonly JournalRecord[]) => void): void {
    this.#take = take;
  }

  clear(prefix: string): void {
    this.cleared.push(prefix);
  }

  restore(records: readonly JournalRecord[]): void {
    this.#take?.(records);
  }

  /** What would be on disk. */
  get records(): JournalRecord[] {
    return [...this.marks].flatMap(([key, encode]) => {
      const value = encode();
      return value === undefined ? [] : [{ key, value }];
    });
  }
}

export interface RigWishes extends Partial<Omit<StaticCacheOptions, 'config' | 'room'>> {
  readonly config?: Partial<StaticConfig>;
  readonly room?: Partial<RoomLimits>;
}

/** A cache whose server is scripted: GETs by `answers`, other calls by `vault`. */
export class Rig {
  readonly clock: VirtualClock;
  readonly vault = new VaultFake();
  readonly log = new LogSpy();
  readonly metrics = new MetricRegistry();
  readonly room: Room;
  readonly cache: StaticCache;
  /** Path with its query -> answer of background GETs; undefined is no answer. */
  readonly answers = new Map<string, BackgroundReply | undefined>();
  readonly gets: BackgroundGet[] = [];

  constructor({ config, room, ...wishes }: RigWishes = {}) {
    this.clock = (wishes.clock as VirtualClock | undefined) ?? new VirtualClock();
    this.room = new Room({ maxEntries: 0, maxBytes: 0, ...room });
    this.vault.on('GET', 'auth/token/lookup-self', lookup());
    this.cache = createStaticCache({
      config: { ...CONFIG, ...config },
      room: this.room,
      vault: this.vault,
      fetch: (get) => {
        this.gets.push(get);
        return Promise.resolve(this.answers.get(get.query === '' ? get.path : `${get.path}?${get.query}`));
      },
      clock: this.clock,
      random: () => 1,
      log: { named: () => this.log },
      metrics: this.metrics,
      ...wishes,
    });
  }

  /** What the stage does on a miss: remembers the answer. */
  read(asked: Exchange, answer: unknown, epoch = this.cache.epoch): string {
    return this.cache.bypass(asked) ?? (this.cache.recall(asked), this.cache.remember(asked, reply(answer), epoch));
  }

  /** A read, and its background work. */
  async seed(target: string, answer: unknown, wishes: Wishes = {}): Promise<string> {
    const why = this.read(exchange('GET', target, wishes), answer);
    await settle(2);
    return why;
  }

  hit(target: string, wishes: Wishes = {}, method = 'GET'): StaticHit | undefined {
    const asked = exchange(method, target, wishes);
    return this.cache.bypass(asked) === undefined ? this.cache.recall(asked) : undefined;
  }

  holds(target: string, wishes: Wishes = {}, method = 'GET'): boolean {
    return this.hit(target, wishes, method) !== undefined;
  }

  rescues(target: string, wishes: Wishes = {}): boolean {
    return this.cache.rescue(exchange('GET', target, wishes)) !== undefined;
  }

  /** A change through the agent; undefined status is an unclear outcome. False when nobody watches it. */
  change(
    method: string,
    target: string,
    given: { status?: number | undefined; wishes?: Wishes } = { status: 204 },
  ): boolean {
    const asked = exchange(method, target, given.wishes);
    const watch = this.cache.watch(asked);
    watch?.sent(asked);
    watch?.ended(given.status, undefined);
    return watch !== undefined;
  }

  calls(path: string): VaultCall[] {
    return this.vault.calls.filter((seen) => seen.path === path).map(({ call }) => call);
  }

  count(name: string): Record<string, number> {
    const rows = this.metrics.snapshot().filter((series) => series.name === name);
    return Object.fromEntries(rows.map(({ labels, value }) => [Object.values(labels).join(), value]));
  }
}

export const bodyOf = (hit: StaticHit | undefined): Record<string, Record<string, unknown>> =>
  JSON.parse(Buffer.from(hit!.reply.body).toString()) as Record<string, Record<string, unknown>>;

const ROOT = 'hvs.root';

/** A cache over a dev server: requests travel as the stages let them. */
export class ServerRig {
  readonly clock = new VirtualClock();
  readonly server: DevServer = createDevServer({ rootToken: ROOT, clock: this.clock });
  readonly cache: StaticCache;
  readonly upstream: string[] = [];
  down = false;

  constructor(config: Partial<StaticConfig> = {}) {
    this.cache = createStaticCache({
      config: { ...CONFIG, ...config },
      room: new Room({ maxEntries: 0, maxBytes: 0 }),
      vault: this.#vault(),
      fetch: ({ path, query, namespace, token }) =>
        this.#send('GET', query === '' ? path : `${path}?${query}`, { token: token.reveal(), namespace }),
      clock: this.clock,
      random: () => 1,
      log: { named: () => new LogSpy() },
      metrics: new MetricRegistry(),
    });
  }

  async prepare(): Promise<void> {
    await this.admin('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } });
    await this.admin('POST', 'sys/mounts/old', { type: 'kv', options: { version: '1' } });
    await this.admin('PUT', 'sys/policies/acl/reader', {
      policy: 'path "secret/*" { capabilities = ["read", "list"] } path "old/*" { capabilities = ["read", "list"] }',
    });
    this.cache.start();
  }

  async admin(method: string, path: string, body?: unknown): Promise<unknown> {
    return (await this.server.call(method, path, { body })).body;
  }

  async token(more: object = {}): Promise<string> {
    const body = { policies: ['reader'], no_parent: true, ...more };
    const made = (await this.admin('POST', 'auth/token/create', body)) as { auth: { client_token: string } };
    return made.auth.client_token;
  }

  /** One request of a client: `HIT`, `STALE`, `RESCUE` or `MISS`, and the answer. */
  async ask(
    method: string,
    target: string,
    wishes: Wishes = {},
  ): Promise<{ label: string; status: number; body: unknown }> {
    const asked = exchange(method, target, { identity: undefined, ...wishes });
    const { cache } = this;
    const watch = cache.watch(asked);
    const why = cache.bypass(asked);
    const hit = why === undefined ? cache.recall(asked) : undefined;
    if (hit !== undefined) return shown(hit.stale ? 'STALE' : 'HIT', hit.reply);
    const { epoch } = cache;
    watch?.sent(asked);
    const answer = await this.#send(method, target, { ...wishes, token: wishes.token ?? ROOT });
    watch?.ended(answer?.status, undefined);
    if (why === undefined && answer?.status === 200) cache.remember(asked, answer, epoch);
    else if (why === undefined && answer !== undefined) cache.refused(asked, answer.status);
    const rescued = answer === undefined ? cache.rescue(asked) : undefined;
    await settle(2);
    return rescued === undefined ? shown('MISS', answer ?? reply({}, { status: 502 })) : shown('RESCUE', rescued.reply);
  }

  async close(): Promise<void> {
    this.cache.stop();
    await this.server.close();
  }

  #vault(): Vault {
    return {
      request: async (method, path, call = {}) => {
        const { token, namespace, body } = call;
        const given = { token: token?.reveal() ?? '', namespace: namespace ?? '', body: JSON.stringify(body ?? '') };
        const answer = await this.#send(method, `/v1/${path}`, given);
        if (answer === undefined) throw agentError('UPSTREAM_UNREACHABLE', { address: 'dev', why: 'down' });
        const text = Buffer.from(answer.body).toString();
        return { status: answer.status, body: text === '' ? undefined : JSON.parse(text), headers: {} };
      },
    };
  }

  async #send(method: string, target: string, wishes: Wishes): Promise<BufferedReply | undefined> {
    this.upstream.push(`${method} ${target}`);
    if (this.down) return undefined;
    const { token = '', namespace = '', body = '', headers = [] } = wishes;
    const more = Object.fromEntries(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]!]] : [])));
    const { status, body: value } = await this.server.call(method, target.slice(4), {
      token,
      headers: { ...more, ...(namespace !== '' && { 'X-Vault-Namespace': namespace }) },
      ...(body !== '' && body !== '""' && { body: JSON.parse(body) as unknown }),
    });
    return reply(value === undefined ? '' : value, { status });
  }
}

function shown(label: string, { status, body }: BufferedReply): { label: string; status: number; body: unknown } {
  const text = Buffer.from(body).toString();
  return { label, status, body: text === '' ? undefined : JSON.parse(text) };
}
