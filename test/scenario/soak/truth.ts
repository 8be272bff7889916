// What the server knows: which leases and tokens live, and which of them died without the agent being told. The judge of every HIT.
import type { DevServer } from '../../../core/dev-server/server.js';

/** What lived at one moment. */
export type Living = ReadonlySet<string>;

/** The truth of one server. Times are wall clock ms. */
export class Truth {
  readonly #server: DevServer;
  readonly #boundMs: number;
  readonly #silent = new Map<string, number>();
  readonly #seen = new Map<string, number>();
  /** Engine paths whose leases count. */
  readonly #prefix: string;

  /** `boundMs`: how long an agent that was told nothing may still give out what died. */
  constructor(server: DevServer, prefix: string, boundMs: number) {
    this.#server = server;
    this.#prefix = prefix;
    this.#boundMs = boundMs;
  }

  /** Ids of leases, and tokens that clients got. */
  living(now: number): Living {
    return new Set([...this.#leases(now), ...this.#tokens()]);
  }

  /** A client got this one, as new or as a hit. */
  saw(id: string, now: number): void {
    if (!this.#seen.has(id)) this.#seen.set(id, now);
  }

  /** Everything that lives now dies by an admin's hand, past the agent. */
  killSilently(ids: Iterable<string>, now: number): void {
    for (const id of ids) this.#silent.set(id, now);
  }

  /** Leases that hang on a token, and on tokens made with it. */
  below(token: string, now: number): string[] {
    const family = new Set([token]);
    for (let grown = true; grown;) {
      const before = family.size;
      for (const { id, parent } of this.#server.world.tokens.all())
        if (parent !== undefined && family.has(parent)) family.add(id);
      grown = family.size > before;
    }
    const leases = [...this.#leases(now)].filter((id) => family.has(this.#server.world.leases.find(id)!.tokenId));
    return [...family, ...leases];
  }

  /** True when a HIT with this secret was right: it lived when the request began, or is excused. */
  allows(id: string, living: Living, askedAt: number, now: number): boolean {
    if (living.has(id) || this.living(now).has(id)) return true;
    if ((this.#seen.get(id) ?? -Infinity) >= askedAt) return true;
    const killed = this.#silent.get(id);
    return killed !== undefined && askedAt - killed <= this.#boundMs;
  }

  /** Secrets that live at the server and that no client ever got. */
  orphans(now: number): string[] {
    return [...this.living(now)].filter((id) => !this.#seen.has(id));
  }

  *#leases(now: number): Iterable<string> {
    const { leases, tokens, namespaces } = this.#server.world;
    for (const lease of leases.under(namespaces.root, this.#prefix))
      if (lease.expiresAtMs > now && tokens.find(lease.tokenId) !== undefined) yield lease.id;
  }

  *#tokens(): Iterable<string> {
    for (const { id, path } of this.#server.world.tokens.all())
      if (path.startsWith('auth/userpass/') || path === 'auth/token/create') yield id;
  }
}
