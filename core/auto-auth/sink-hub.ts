// All sinks of one identity: each has a loop of its own, none waits for another (R13). Keeps the books for exit_after_auth (R12).
import type { TokenState } from '../contracts/token-feed.js';
import type { AgentError } from '../sdk/index.js';
import { SinkLoop, type SinkLoopParts, type SinkSlot } from './sink-loop.js';

/** What the hub needs besides what each loop needs. */
export interface SinkHubParts extends Omit<SinkLoopParts, 'onDelivered' | 'onFailed'> {
  /** The sink's state changed: an error while it fails, undefined when it holds the token. */
  readonly onSink: (id: string, error: AgentError | undefined) => void;
}

/** The hub. */
export class SinkHub {
  readonly #loops: readonly SinkLoop[];
  readonly #holds = new Map<string, number>();
  readonly #ids: readonly string[];
  #newest = 0;
  #resolve!: () => void;
  /** Resolves when for the first time every sink holds the current token; without sinks, when there is a token. */
  readonly delivered: Promise<void>;

  constructor(slots: readonly SinkSlot[], parts: SinkHubParts) {
    this.delivered = new Promise((resolve) => (this.#resolve = resolve));
    this.#ids = slots.map((slot) => slot.id);
    this.#loops = slots.map(
      (slot) =>
        new SinkLoop(slot, {
          ...parts,
          onDelivered: (state) => {
            this.#holds.set(slot.id, state.sequence);
            parts.onSink(slot.id, undefined);
            this.#check();
          },
          onFailed: (error) => parts.onSink(slot.id, error),
        }),
    );
  }

  /** Hands the newest token to every sink. */
  offer(state: TokenState): void {
    this.#newest = state.sequence;
    for (const loop of this.#loops) loop.offer(state);
    this.#check();
  }

  #check(): void {
    if (this.#newest > 0 && this.#ids.every((id) => this.#holds.get(id) === this.#newest)) this.#resolve();
  }

  /** Ends all loops. */
  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
  }
}
