// At most one push in five minutes (rule 1 of the auth methods): people who are asked too often approve without looking. Remembers when the last push
// may have been sent, also over a restart when the agent keeps state. Knows no login.
import { agentError, type Clock, type StateAccess } from 'claviger/sdk';

/** Least time between two pushes. */
export const PUSH_EVERY_MS = 5 * 60_000;

/** Counts pushes of one identity. */
export class PushLimit {
  readonly #clock: Clock;
  readonly #state: StateAccess;
  /** Wall clock; undefined when there was none or it is long ago. */
  #lastAtMs: number | undefined;
  #loaded = false;

  constructor(clock: Clock, state: StateAccess) {
    this.#clock = clock;
    this.#state = state;
  }

  /** Throws AUTH_TOO_SOON while the last push is younger than five minutes. */
  async check(): Promise<void> {
    await this.#load();
    if (this.#lastAtMs === undefined) return;
    const now = this.#clock.now();
    // the clock was set back: count from now on, never longer than the limit
    if (this.#lastAtMs > now) this.#lastAtMs = now;
    const leftMs = this.#lastAtMs + PUSH_EVERY_MS - now;
    if (leftMs <= 0) return;
    const what = 'a push may have been sent less than five minutes ago';
    throw agentError('AUTH_TOO_SOON', { what, seconds: Math.ceil(leftMs / 1000) });
  }

  /** A push may be sent from now on. */
  async sent(): Promise<void> {
    this.#lastAtMs = this.#clock.now();
    // a store that does not work must not keep the login back
    await this.#state.save(Buffer.from(JSON.stringify({ pushedAtMs: this.#lastAtMs }))).catch(() => undefined);
  }

  /** The answer proves that no push was sent. */
  notSent(): void {
    this.#lastAtMs = undefined;
    void this.#state.save(Buffer.from('{}')).catch(() => undefined);
  }

  async #load(): Promise<void> {
    if (this.#loaded) return;
    this.#loaded = true;
    const kept = await this.#state.load().catch(() => undefined);
    if (kept !== undefined) this.#lastAtMs ??= momentIn(kept);
  }
}

function momentIn(kept: Uint8Array): number | undefined {
  try {
    const { pushedAtMs } = JSON.parse(Buffer.from(kept).toString('utf8')) as { pushedAtMs?: unknown };
    return typeof pushedAtMs === 'number' && Number.isFinite(pushedAtMs) ? pushedAtMs : undefined;
  } catch {
    return undefined;
  }
}
