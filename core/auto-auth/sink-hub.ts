// All sinks of one identity: each has a line of its own, none waits for another (R13). Keeps the books for exit_after_auth (R12).
import type { TokenState } from '../contracts/token-feed.js';
import { describeError, type AgentError, type Secret } from '../sdk/index.js';
import { ChildLine, type ChildLineParts } from './child/child-line.js';
import type { SinkLine } from './sink-line.js';
import { SinkLoop, type SinkSlot } from './sink-loop.js';

/** What the hub needs besides what each line needs. */
export interface SinkHubParts extends Omit<ChildLineParts, 'onDelivered' | 'onFailed' | 'onTold'> {
  /** The state of a sink, or of who is told of its deliveries, changed: an error while it fails, undefined when it works. */
  readonly onSink: (part: string, error: AgentError | undefined) => void;
}

interface Spot {
  readonly slot: SinkSlot;
  readonly line: SinkLine;
}

/** The hub. */
export class SinkHub {
  readonly #parts: SinkHubParts;
  readonly #spots: readonly Spot[];
  readonly #holds = new Map<string, number>();
  #newest = 0;
  #resolve!: () => void;
  /**
   * Resolves when for the first time every sink holds the current token, and those who are to be told of it were told or could not be; without sinks,
   * when there is a token.
   */
  readonly delivered: Promise<void>;

  constructor(slots: readonly SinkSlot[], parts: SinkHubParts) {
    this.#parts = parts;
    this.delivered = new Promise((resolve) => (this.#resolve = resolve));
    this.#spots = slots.map((slot) => ({ slot, line: this.#line(slot) }));
  }

  #line(slot: SinkSlot): SinkLine {
    const { onSink } = this.#parts;
    const parts = {
      ...this.#parts,
      onDelivered: (state: TokenState) => {
        this.#holds.set(slot.id, state.sequence);
        onSink(slot.id, undefined);
        this.#check();
      },
      onFailed: (error: AgentError) => onSink(slot.id, error),
      onTold: (target: string, error: AgentError | undefined) => onSink(`${slot.id} notify ${target}`, error),
    };
    const { child } = slot.config;
    return child ? new ChildLine(slot, child, parts) : new SinkLoop(slot, parts);
  }

  /** Hands the newest token to every sink. */
  offer(state: TokenState): void {
    this.#newest = state.sequence;
    for (const { line } of this.#spots) line.offer(state);
    this.#check();
  }

  /** An earlier run left this payload in the sink `id`. Before the first `offer`. */
  found(id: string, payload: Secret): void {
    const { line } = this.#spots.find(({ slot }) => slot.id === id) ?? {};
    if (line instanceof SinkLoop) line.found(payload);
  }

  #check(): void {
    if (this.#newest === 0 || !this.#spots.every(({ slot }) => this.#holds.get(slot.id) === this.#newest)) return;
    void Promise.all(this.#spots.map(({ line }) => line.told())).then(() => this.#resolve());
  }

  /** Ends all lines. */
  async stop(): Promise<void> {
    await Promise.all(this.#spots.map(({ line }) => line.stop()));
  }

  /** After `stop`: every sink takes back what it holds, if it is one of `ours` or a child of it. Never throws. */
  async withdraw(signal: AbortSignal, ours: (token: Secret) => boolean): Promise<void> {
    const { log } = this.#parts;
    const each = this.#spots.map(async ({ slot, line }) => {
      try {
        await line.withdraw(signal, ours);
      } catch (error) {
        log.warn({ sink: slot.id, error: describeError(error) }, 'a sink could not withdraw its token');
      }
    });
    await Promise.all(each);
  }

  /** After `stop`: revokes all child tokens. Never throws. */
  async revoke(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#spots.map(({ line }) => line.revoke(signal)));
  }
}
