// One play: commands go through the agent, and every answer is held against the reference and against what the server knows.
import type { ClearRequest } from '../../../core/contracts/lease-cache.js';
import { Reference, type Kept, type Managed } from './reference.js';
import { ModelStage, type Asked, type Got } from './stage.js';

/** A command. Numbers choose among the tokens and leases that there are. */
export type Command =
  | { readonly do: 'read'; readonly who: number; readonly role: string; readonly n: number; readonly fresh: boolean }
  | { readonly do: 'login'; readonly user: string; readonly namespace: string }
  | { readonly do: 'child'; readonly who: number; readonly kind: 'plain' | 'orphan' | 'uses' | 'batch' }
  | {
      readonly do: 'revoke-lease';
      readonly which: number;
      readonly form: 'body' | 'url' | 'post' | 'later' | 'encoded';
    }
  | {
      readonly do: 'revoke-token';
      readonly which: number;
      readonly form: 'body' | 'accessor' | 'self' | 'orphan';
    }
  | { readonly do: 'revoke-prefix'; readonly prefix: string; readonly namespace: string; readonly force: boolean }
  | { readonly do: 'write-auth'; readonly namespace: string }
  | { readonly do: 'clear'; readonly by: 'all' | 'path' | 'token' | 'accessor' | 'lease'; readonly which: number }
  | { readonly do: 'relogin' }
  | { readonly do: 'pass'; readonly seconds: number };

interface Known {
  readonly token: string;
  readonly accessor: string;
  readonly namespace: string;
}

// nothing is given out in the last second of a life, and a lookup is good to about another second
const UNSURE_MS = 2_600;

// the least of the maximal lives
const MAX_MS = { lease: 180_000, token: 400_000 };

/** Runs the commands; throws with what is wrong. */
export async function play(commands: readonly Command[]): Promise<{ readonly hits: number }> {
  const game = new Game();
  try {
    await game.open();
    for (const command of commands) await game.run(command);
    return { hits: game.hits };
  } finally {
    await game.close();
  }
}

class Game {
  readonly #stage = new ModelStage();
  readonly #reference = new Reference();
  readonly #tokens: Known[] = [];
  readonly #leases: { readonly id: string; readonly namespace: string }[] = [];
  #admin: Readonly<Record<string, string>> = {};
  #logins = 0;
  hits = 0;

  async open(): Promise<void> {
    await this.#stage.open();
    await this.#relogin();
    this.#admin = { '': 'root-of-the-model', 'team/': 'root-of-the-model' };
  }

  close(): Promise<void> {
    return this.#stage.close();
  }

  async run(command: Command): Promise<void> {
    switch (command.do) {
      case 'read': {
        const { token, namespace } = this.#token(command.who);
        const query = `n=${String(command.n)}`;
        const headers = command.fresh ? ['Cache-Control', 'no-store'] : [];
        return this.#secret({ method: 'GET', path: `aws/creds/${command.role}`, query, token, namespace, headers });
      }
      case 'login': {
        const path = `auth/userpass/login/${command.user}`;
        return this.#secret({ method: 'PUT', path, token: '', namespace: command.namespace, body: { password: 'pw' } });
      }
      case 'child': {
        const { token, namespace } = this.#token(command.who);
        return this.#secret({ method: 'POST', path: 'auth/token/create', token, namespace, body: CHILD[command.kind] });
      }
      case 'revoke-lease':
        return this.#revokeLease(command);
      case 'revoke-token':
        return this.#revokeToken(command);
      case 'revoke-prefix':
        return this.#revokePrefix(command);
      case 'write-auth': {
        const body = { password: 'pw' };
        await this.#change({ method: 'POST', path: 'auth/userpass/users/ann', namespace: command.namespace, body });
        return this.#reference.loginsDropped('auth/userpass', command.namespace);
      }
      case 'clear':
        return this.#clear(command);
      case 'relogin':
        return this.#relogin();
      case 'pass':
        return this.#stage.clock.advance(command.seconds * 1000);
    }
  }

  // a request whose answer holds a secret
  async #secret(asked: Asked): Promise<void> {
    const key = JSON.stringify([asked.method, asked.path, asked.query, asked.token, asked.namespace, asked.body]);
    const bypass = (asked.headers ?? []).length > 0;
    const kept = bypass ? undefined : this.#reference.kept.get(key);
    const leftMs = kept === undefined ? 0 : this.#leftMs(kept);
    if (kept !== undefined) this.#judgeLife(kept, leftMs);
    const got = await this.#stage.ask(asked);
    const id: string = got.body?.auth?.client_token ?? got.body?.lease_id ?? '';
    const told = `${asked.method} ${asked.path} (${asked.namespace})`;
    if (got.hit) this.#judgeHit(told, { kept, id, leftMs });
    else if (leftMs > UNSURE_MS)
      throw new Error(`${told}: a MISS, though the answer is held and lives ${String(leftMs)} ms`);
    if (got.status !== 200 || id === '' || got.hit) return;
    this.#learn(asked, got);
    if (!bypass) this.#keep(key, asked, got);
  }

  #judgeHit(told: string, at: { readonly kept: Kept | undefined; readonly id: string; readonly leftMs: number }): void {
    this.hits++;
    if (at.kept === undefined) throw new Error(`${told}: a HIT of what was removed or never kept`);
    if (at.kept.id !== at.id) throw new Error(`${told}: a HIT with another secret than the last one`);
    if (at.leftMs <= 0) throw new Error(`${told}: a HIT with a dead secret`);
  }

  // what is held is renewed until its maximum, as long as the tokens above it live
  #judgeLife({ id, owner, keptAt, kind }: Kept, leftMs: number): void {
    const aboveMs = owner === undefined ? Infinity : this.#tokenMs(owner);
    const ageMs = this.#stage.clock.now() - keptAt;
    if (leftMs <= 0 && aboveMs > UNSURE_MS && ageMs < MAX_MS[kind] - UNSURE_MS)
      throw new Error(`the ${kind} ...${id.slice(-4)} was not kept alive: it is dead at ${String(ageMs)} ms`);
  }

  // how long a secret and all tokens above it live, by the server
  #leftMs({ kind, id, owner }: Kept): number {
    if (kind === 'token') return this.#tokenMs(id);
    const end = this.#stage.server.world.leases.find(id)?.expiresAtMs ?? 0;
    return Math.min(end - this.#stage.clock.now(), this.#tokenMs(owner!));
  }

  #tokenMs(id: string): number {
    const { tokens } = this.#stage.server.world;
    const now = this.#stage.clock.now();
    let leftMs = Infinity;
    for (let token: string | undefined = id; token !== undefined;) {
      const entry = tokens.find(token);
      leftMs = Math.min(leftMs, entry === undefined ? 0 : (entry.expiresAtMs ?? Infinity) - now);
      token = entry?.parent;
    }
    return leftMs;
  }

  #learn({ namespace }: Asked, { body }: Got): void {
    if (body.auth === null) this.#leases.push({ id: body.lease_id, namespace });
    else this.#tokens.push({ token: body.auth.client_token, accessor: body.auth.accessor, namespace });
  }

  #keep(key: string, { path, token, namespace }: Asked, { body }: Got): void {
    const managed = this.#reference.manages(token);
    const keptAt = this.#stage.clock.now();
    if (body.auth === null) {
      if (!managed) return;
      return this.#reference.keep(key, { kind: 'lease', id: body.lease_id, owner: token, namespace, path, keptAt });
    }
    const { client_token: id, accessor, num_uses, token_type, orphan, renewable } = body.auth;
    if (num_uses > 0 || token_type === 'batch' || !renewable || (!orphan && !managed)) return;
    const parent = orphan ? undefined : token;
    const born: Managed = { token: id, accessor, namespace, path, parent };
    this.#reference.keep(key, { kind: 'token', id, owner: parent, namespace, path, keptAt }, born);
  }

  async #revokeLease({ which, form }: Extract<Command, { do: 'revoke-lease' }>): Promise<void> {
    const lease = this.#leases[which % Math.max(1, this.#leases.length)];
    if (lease === undefined) return;
    const { id, namespace } = lease;
    const urls = { url: `sys/leases/revoke/${id}`, encoded: `sys/leases/%72evoke/${encodeURIComponent(id)}` };
    const inUrl = form === 'url' || form === 'encoded';
    await this.#change({
      method: form === 'post' ? 'POST' : 'PUT',
      path: inUrl ? urls[form] : 'sys/leases/revoke',
      namespace,
      body: inUrl ? {} : { lease_id: id, ...(form === 'later' && { sync: false }) },
    });
    this.#reference.leaseGone(id);
  }

  async #revokeToken({ which, form }: Extract<Command, { do: 'revoke-token' }>): Promise<void> {
    const { token, accessor, namespace } = this.#token(which);
    const path = { body: 'revoke', accessor: 'revoke-accessor', self: 'revoke-self', orphan: 'revoke-orphan' }[form];
    const body = form === 'accessor' ? { accessor } : form === 'self' ? {} : { token };
    const asked = { method: 'POST', path: `auth/token/${path}`, namespace, body };
    const { status } = await this.#change(asked, form === 'self' ? token : undefined);
    if (status >= 400) return;
    if (form === 'orphan') this.#reference.orphaned(token);
    else if (form === 'accessor') this.#reference.accessorGone(accessor);
    else this.#reference.tokenGone(token);
  }

  async #revokePrefix({ prefix, namespace, force }: Extract<Command, { do: 'revoke-prefix' }>): Promise<void> {
    const path = `sys/leases/revoke-${force ? 'force' : 'prefix'}/${prefix}`;
    await this.#change({ method: 'PUT', path, namespace, body: {} });
    this.#reference.prefixGone(prefix, namespace);
  }

  #clear({ by, which }: Extract<Command, { do: 'clear' }>): void {
    const { token, accessor, namespace } = this.#token(which);
    const lease = this.#leases[which % Math.max(1, this.#leases.length)]?.id ?? 'aws/none';
    const request: Record<typeof by, ClearRequest> = {
      all: { type: 'all' },
      path: { type: 'request_path', value: '/v1/aws/creds/app', namespace },
      token: { type: 'token', value: token },
      accessor: { type: 'token_accessor', value: accessor === '' ? 'none' : accessor },
      lease: { type: 'lease', value: lease },
    };
    this.#stage.clear(request[by]);
    if (by === 'all') this.#reference.cleared();
    else if (by === 'path') this.#reference.pathCleared('/v1/aws/creds/app', namespace);
    else if (by === 'lease') this.#reference.leaseGone(lease);
    else if (by === 'token') this.#reference.tokenGone(token);
    else this.#reference.accessorGone(accessor);
  }

  async #relogin(): Promise<void> {
    const own = await this.#stage.logIn(++this.#logins);
    this.#reference.ownToken({ ...own, namespace: '', path: '', parent: undefined });
    this.#tokens.unshift({ ...own, namespace: '' });
  }

  // with a token that may do everything
  #change(asked: Omit<Asked, 'token'>, token = this.#admin[asked.namespace] ?? ''): Promise<Got> {
    return this.#stage.ask({ ...asked, token });
  }

  #token(which: number): Known {
    return this.#tokens[which % this.#tokens.length]!;
  }
}

const CHILD = {
  plain: { ttl: '90s' },
  orphan: { ttl: '90s', no_parent: true },
  uses: { ttl: '90s', num_uses: 3 },
  batch: { ttl: '90s', type: 'batch', renewable: false },
} as const;
