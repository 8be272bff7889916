// News of what other agents write: a connection of its own that listens, and a heartbeat that compares the counter of writes with what was heard.
import { agentError, type Clock, type StoreNews } from 'claviger/sdk';
import type { Client } from './client.js';
import { Follower, toldBy } from './follow.js';
import { Link } from './link.js';
import { NewsQueue } from './news.js';

/** What following needs. */
export interface ChangesOptions {
  readonly clock: Clock;
  readonly writer: string;
  readonly channel: string;
  /** A new connection for listening. */
  readonly dial: (attempt: number, signal: AbortSignal) => Promise<Client>;
  /** The counter of writes now, over the connection for commands. Rejects when Redis is away. */
  readonly sequence: () => Promise<number>;
}

/** How often the counter is compared, ms. */
export const BEAT_MS = 2000;

/** Follows until `signal` is aborted. An outage ends nothing: after it comes `gap`. */
export async function* followChanges(
  options: ChangesOptions,
  signal: AbortSignal,
): AsyncGenerator<StoreNews, void, undefined> {
  if (signal.aborted) return;
  const following = new Following(options);
  const stop = (): void => following.stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    following.start();
    yield* following.news();
  } finally {
    signal.removeEventListener('abort', stop);
    following.stop();
  }
}

class Following {
  readonly #options: ChangesOptions;
  readonly #follower: Follower;
  readonly #queue = new NewsQueue();
  readonly #link: Link;
  readonly #ended = new AbortController();
  #cancelBeat: () => void = () => undefined;

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#follower = new Follower(options.writer);
    this.#link = new Link({
      clock: options.clock,
      dial: options.dial,
      onUp: (client) => this.#listen(client),
      onDown: () => this.#follower.lost(),
    });
  }

  start(): void {
    this.#link.open(this.#ended.signal).catch(() => undefined);
    this.#nextBeat();
  }

  news(): AsyncGenerator<StoreNews, void, undefined> {
    return this.#queue.read();
  }

  stop(): void {
    this.#ended.abort();
    this.#cancelBeat();
    this.#link.close();
    this.#queue.end();
  }

  async #listen(client: Client): Promise<void> {
    client.on('message', (_channel, message) => this.#hear(message));
    await client.subscribe(this.#options.channel);
    this.#queue.push(this.#follower.begin(await this.#options.sequence()));
  }

  #hear(message: string): void {
    const told = toldBy(message);
    const news = told === undefined ? undefined : this.#follower.message(told);
    if (news !== undefined) this.#queue.push(news);
  }

  #nextBeat(): void {
    if (this.#ended.signal.aborted) return;
    this.#cancelBeat = this.#options.clock.after(BEAT_MS, () => void this.#beat());
  }

  async #beat(): Promise<void> {
    const heardThen = this.#follower.heard;
    try {
      const news = this.#follower.beat(await this.#options.sequence(), heardThen);
      if (news !== undefined) this.#queue.push(news);
      if (news?.news === 'gap') this.#link.drop(this.#link.client, DEAF());
    } catch {
      // away: no heartbeat is told, and that silence is the news
    }
    this.#nextBeat();
  }
}

const DEAF = (): ReturnType<typeof agentError> => agentError('CACHE_STORE_UNAVAILABLE', { why: 'news do not arrive' });
