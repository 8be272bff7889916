// Tells one target of each delivery, in the background: a few tries, the newest delivery wins, none is told twice. It must not know how a target is
// reached, and nobody waits for it.
import { jittered } from '../../kernel/backoff.js';
import { agentError, describeError, type AgentError, type Clock, type Logger } from '../../sdk/index.js';
import type { News, Target } from './target.js';

/** What a notifier needs. */
export interface NotifierParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The sink, for the log. */
  readonly sink: string;
  readonly retry: Parameters<typeof jittered>[1];
  /** SINK_NOTIFY_FAILED after each failed try, undefined after one that worked. */
  readonly onTold: (target: string, error: AgentError | undefined) => void;
}

const MOST_TRIES = 3;

/** The notifier of one target. */
export class Notifier {
  readonly #target: Target;
  readonly #parts: NotifierParts;
  readonly #stop = new AbortController();
  #news: News | undefined;
  #nap = new AbortController();
  #running: Promise<void> | undefined;

  constructor(target: Target, parts: NotifierParts) {
    this.#target = target;
    this.#parts = parts;
  }

  /** Tells it soon. Older news that it has not got are forgotten. */
  tell(news: News): void {
    if (this.#stop.signal.aborted) return;
    this.#news = news;
    this.#nap.abort();
    this.#running ??= this.#run();
  }

  /** Resolves when it was told, or every try was in vain. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Ends what is under way; resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#nap.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let news = this.#news; news && !this.#stop.signal.aborted; news = this.#news) {
      this.#news = undefined;
      await this.#reach(news);
    }
    // In the same turn as the last look at `#news`: what is told later starts a new run.
    this.#running = undefined;
  }

  async #reach(news: News): Promise<void> {
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const why = await this.#send(news);
      if (this.#stop.signal.aborted) return;
      if (why === undefined) return this.#parts.onTold(this.#target.kind, undefined);
      const isLast = tries === MOST_TRIES;
      await this.#failed(why, isLast ? undefined : jittered(tries, this.#parts.retry, this.#parts.random));
      if (this.#news || this.#stop.signal.aborted) return;
    }
  }

  async #send(news: News): Promise<string | undefined> {
    try {
      return await this.#target.send(news, this.#stop.signal);
    } catch (error) {
      return describeError(error);
    }
  }

  async #failed(why: string, pauseMs: number | undefined): Promise<void> {
    const { log, clock, sink, onTold } = this.#parts;
    const error = agentError('SINK_NOTIFY_FAILED', { target: this.#target.name, why });
    const fields = { sink, error: describeError(error) };
    onTold(this.#target.kind, error);
    if (pauseMs === undefined) return log.warn(fields, 'error notifying of a delivery, giving up');
    log.warn({ ...fields, backoff: `${String(Math.round(pauseMs))}ms` }, 'error notifying of a delivery, will retry');
    this.#nap = new AbortController();
    if (this.#news || this.#stop.signal.aborted) return;
    await clock.sleep(pauseMs, this.#nap.signal).catch(() => undefined);
  }
}
