// User lock-out: five wrong passwords within fifteen minutes lock a user for fifteen minutes (the server's defaults, recorded in
// the scenario `lockout`). It knows names and times, no passwords.
const THRESHOLD = 5;
const WINDOW_MS = 15 * 60_000;

interface Failures {
  count: number;
  lastAtMs: number;
}

/** Failed logins of one mount. */
export class Lockout {
  readonly #failures = new Map<string, Failures>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether logins of this user are refused unseen. */
  locked(name: string): boolean {
    return (this.#recent(name)?.count ?? 0) >= THRESHOLD;
  }

  /** Counts a wrong password. */
  failed(name: string): void {
    const count = (this.#recent(name)?.count ?? 0) + 1;
    this.#failures.set(name, { count, lastAtMs: this.#now() });
  }

  /** Forgets the failures after a good login. */
  succeeded(name: string): void {
    this.#failures.delete(name);
  }

  #recent(name: string): Failures | undefined {
    const found = this.#failures.get(name);
    if (found === undefined || this.#now() - found.lastAtMs < WINDOW_MS) return found;
    this.#failures.delete(name);
    return undefined;
  }
}
