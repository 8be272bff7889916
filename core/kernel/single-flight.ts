// One run per key for all that ask at the same time. Who asks may leave; when the last one left, the run is told to stop unless it has said that it
// must be finished. It must not know what runs.

/** What a flight offers to one that joined it. */
export interface Seat<T> {
  /** The common outcome; rejects with the reason of `signal` when that is aborted first. */
  readonly outcome: Promise<T>;
  /** True for the one that started the run. */
  readonly first: boolean;
}

/**
 * The work of a flight. `signal` is aborted when the last one that waits has left. From the call of `keep` on it is not: what has begun must be
 * finished even if nobody waits any more.
 */
export type Run<T> = (signal: AbortSignal, keep: () => void) => Promise<T>;

class Flight<T> {
  readonly #controller = new AbortController();
  readonly #landed: () => void;
  readonly outcome: Promise<T>;
  #keep = false;
  #riders = 0;
  over = false;

  constructor(run: Run<T>, landed: () => void) {
    this.#landed = landed;
    this.outcome = run(this.#controller.signal, () => void (this.#keep = true)).finally(() => {
      this.over = true;
      landed();
    });
    // a failure that nobody waits for any more is nobody's
    this.outcome.catch(() => undefined);
  }

  /** Waits for the outcome, or until `signal` says that this rider leaves. */
  ride(signal: AbortSignal): Promise<T> {
    this.#riders++;
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        this.#leave(signal.reason);
        reject(signal.reason as Error);
      };
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      const stay = (): void => signal.removeEventListener('abort', leave);
      this.outcome.then(
        (outcome) => (stay(), resolve(outcome)),
        (error: Error) => (stay(), reject(error)),
      );
    });
  }

  #leave(reason: unknown): void {
    this.#riders--;
    if (this.#riders > 0 || this.over || this.#keep) return;
    // who asks from now on must not join what is being given up
    this.#landed();
    this.#controller.abort(reason);
  }
}

/** Flights by key. A finished flight is forgotten at once; only the flight that is registered forgets itself (D-14). */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** Number of runs under way that can be joined. */
  get size(): number {
    return this.#flights.size;
  }

  /** True while a run for this key can be joined. */
  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /** Joins the run of this key, or starts it with `run`. `signal` is aborted when the one that asks leaves. */
  join(key: string, signal: AbortSignal, run: Run<T>): Seat<T> {
    const flying = this.#flights.get(key);
    if (flying !== undefined) return { outcome: flying.ride(signal), first: false };
    const flight: Flight<T> = new Flight(run, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
    if (!flight.over) this.#flights.set(key, flight);
    return { outcome: flight.ride(signal), first: true };
  }
}
