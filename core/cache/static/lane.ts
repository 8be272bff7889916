// Background work, so much at once, in the order of asking. It must not know what is done.

/** Runs tasks. After `stop`, nothing new begins. Tasks must not reject. */
export class Lane {
  readonly #most: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;
  #stopped = false;

  constructor(most = 4) {
    this.#most = most;
  }

  /** Runs `task` when it is its turn. */
  run(task: () => Promise<void>): void {
    if (this.#stopped) return;
    this.#waiting.push(task);
    this.#next();
  }

  /** Drops what waits. */
  stop(): void {
    this.#stopped = true;
    this.#waiting.length = 0;
  }

  #next(): void {
    if (this.#running >= this.#most) return;
    const task = this.#waiting.shift();
    if (task === undefined) return;
    this.#running++;
    void task().finally(() => {
      this.#running--;
      this.#next();
    });
  }
}
