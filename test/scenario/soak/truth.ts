// What the server knows: which leases and tokens live, and which of them died without the agent being told. The judge of every HIT.
import type { DevServer } from '../../../core/dev-server/server.js';

/** What lived at one moment. */
export type Living = ReadonlySet<string>;

/** A revocation that an agent may not know of yet. Times are wall clock ms. */
export interface Death {
  /** Port of the agent through which it went; undefined for one past all agents, and when nobody knows whether it came so far. */
  by: number | undefined;
  /** When its outcome was known; Infinity while it is under way. */
  until: number;
  /** It changed nothing: it was refused, or never arrived. */
  vain: boolean;
}

/** One hit, as a client saw it. */
export interface Hit {
  readonly id: string;
  readonly port: number;
  /** What lived when the request began. */
  readonly living: Living;
  readonly askedAt: number;
  readonly now: number;
  /** Seconds that the answer says are left. */
  readonly seconds: number;
}

/** A secret of the server that no client has got so far. */
export interface Unseen {
  readonly id: string;
  /** Token that made it; undefined for a login. */
  readonly token: string | undefined;
  readonly issuedAtMs: number;
}

const ROUNDING_S = 1;

/** The truth of one server. Times are wall clock ms. */
export class Truth {
  readonly #server: DevServer;
  readonly #boundMs: number;
  readonly #deaths = new Map<string, Death[]>();
  readonly #seen = new Map<string, number>();
  /** Engine path whose leases count. */
  readonly #prefix: string;

  /** `boundMs`: how long an agent that was told nothing may still give out what died. */
  constructor(server: DevServer, prefix: string, boundMs: number) {
    this.#server = server;
    this.#prefix = prefix;
    this.#boundMs = boundMs;
    this.#noteBirths();
  }

  // What is made with a token whose revocation is under way dies with it. A lease whose token died while it was being made is answered like any other
  // and dies at once: nobody can know of it before a lookup.
  #noteBirths(): void {
    const { leases, tokens } = this.#server.world;
    const [issue, add] = [leases.issue.bind(leases), tokens.add.bind(tokens)];
    leases.issue = (order, origin) => {
      const issued = issue(order, origin);
      this.#inherit(issued.lease.id, origin.token.id);
      if (!origin.tokenLives) this.kill([issued.lease.id]).until = Date.now();
      return issued;
    };
    tokens.add = (entry) => {
      add(entry);
      this.#inherit(entry.id, entry.parent);
    };
  }

  #inherit(id: string, token = ''): void {
    const underWay = (this.#deaths.get(token) ?? []).filter(({ until }) => until === Infinity);
    if (underWay.length > 0) this.#deaths.set(id, underWay);
  }

  /** Ids of leases, and tokens that clients got. */
  living(now: number): Living {
    return new Set(this.#all(now).map(({ id }) => id));
  }

  /** True when this lease or token lives. */
  lives(id: string): boolean {
    const { leases, tokens } = this.#server.world;
    const lease = leases.find(id);
    if (lease === undefined) return tokens.find(id) !== undefined;
    return lease.expiresAtMs > Date.now() && tokens.find(lease.tokenId) !== undefined;
  }

  /** A client got this one, as new or as a hit. */
  saw(id: string, now: number): void {
    if (!this.#seen.has(id)) this.#seen.set(id, now);
  }

  /** When a client got it first; Infinity for not yet. */
  seenAt(id: string): number {
    return this.#seen.get(id) ?? Infinity;
  }

  /** These are about to be revoked; the result must be told when the outcome is known. */
  kill(ids: Iterable<string>, by?: number): Death {
    const death: Death = { by, until: Infinity, vain: false };
    for (const id of ids) this.#deaths.set(id, [...(this.#deaths.get(id) ?? []), death]);
    return death;
  }

  /** A token, the tokens made with it, and the leases that hang on any of them. */
  below(token: string, now: number): string[] {
    const { tokens } = this.#server.world;
    const family = new Set([token]);
    for (let before = 0; before < family.size;) {
      before = family.size;
      for (const { id, parent } of tokens.all()) if (parent !== undefined && family.has(parent)) family.add(id);
    }
    const leases = this.#leases(now).filter((lease) => family.has(lease.token!));
    return [...family, ...leases.map(({ id }) => id)];
  }

  /** What is wrong with a hit; undefined when it was right: the secret lived when the request began, or the agent is excused. */
  fault(hit: Hit): string | undefined {
    const { id, living, askedAt, now } = hit;
    const lived = living.has(id) || this.living(now).has(id) || (this.#seen.has(id) && this.seenAt(id) >= askedAt);
    if (!lived && !this.#excused(hit)) return 'a dead secret was given out';
    const left = (this.#endOf(id) - askedAt) / 1000;
    return hit.seconds > left + ROUNDING_S
      ? `it says ${String(hit.seconds)} s are left, but ${String(left)} s are`
      : undefined;
  }

  /** Secrets that live at the server and that no client ever got. */
  unseen(now: number): Unseen[] {
    return this.#all(now).filter(({ id }) => !this.#seen.has(id));
  }

  /** How long ago it was revoked, for messages. */
  history(id: string, now: number): string {
    const deaths = (this.#deaths.get(id) ?? [])
      .filter(({ vain }) => !vain)
      .map(({ by, until }) => `${String(now - until)} ms ago by ${String(by ?? 'an admin')}`);
    return deaths.length === 0 ? 'expired' : `revoked ${deaths.join(', ')}`;
  }

  #excused({ id, port, askedAt }: Hit): boolean {
    const deaths = (this.#deaths.get(id) ?? []).filter(({ vain }) => !vain);
    return deaths.length > 0 && deaths.every(({ by, until }) => askedAt <= until + (by === port ? 0 : this.#boundMs));
  }

  // what is dead by revocation says nothing about seconds
  #endOf(id: string): number {
    const { leases, tokens } = this.#server.world;
    return leases.find(id)?.expiresAtMs ?? tokens.find(id)?.expiresAtMs ?? Infinity;
  }

  #all(now: number): Unseen[] {
    return [...this.#leases(now), ...this.#tokens()];
  }

  #leases(now: number): Unseen[] {
    const { leases, tokens, namespaces } = this.#server.world;
    return leases
      .under(namespaces.root, this.#prefix)
      .filter(({ expiresAtMs, tokenId }) => expiresAtMs > now && tokens.find(tokenId) !== undefined)
      .map(({ id, tokenId, issuedAtMs }) => ({ id, token: tokenId, issuedAtMs }));
  }

  #tokens(): Unseen[] {
    return this.#server.world.tokens
      .all()
      .filter(({ path }) => path.startsWith('auth/userpass/') || path === 'auth/token/create')
      .map(({ id, parent, createdAtMs }) => ({ id, token: parent, issuedAtMs: createdAtMs }));
  }
}
