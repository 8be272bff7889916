// Reads the listed secrets with the token of the identity after each login, one after the other, spread over half a minute.
import type { Identity, TokenState } from '../../contracts/token-feed.js';
import type { Clock, Logger, Secret } from '../../sdk/index.js';
import type { Random } from '../../vault/lifetime.js';
import type { BackgroundReply } from './fetching.js';
import { nameOf, type StaticName } from './name.js';

/** What prefetching is made of. */
export interface PrefetchOptions {
  /** Without `/v1/`, not encoded. */
  readonly paths: readonly string[];
  readonly identity: Pick<Identity, 'name' | 'feed'> | undefined;
  /** Configured namespace, in which the paths are. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Reads and stores one; the answer, or undefined when there was none. Must not reject. */
  readonly read: (name: StaticName, token: Secret) => Promise<{ reply: BackgroundReply; why: string } | undefined>;
}

const SPREAD_MS = 30_000;

/** Prefetches while it runs. */
export class Prefetch {
  readonly #options: PrefetchOptions;
  #leave: (() => void) | undefined;
  #round = new AbortController();
  #token: Secret | undefined;

  constructor(options: PrefetchOptions) {
    this.#options = options;
  }

  /** Begins with the token that is there, and again with each new one. */
  start(): void {
    const { identity, paths } = this.#options;
    if (identity === undefined || paths.length === 0 || this.#leave !== undefined) return;
    this.#leave = identity.feed.subscribe((state) => this.#onToken(state));
    if (identity.feed.current !== undefined) this.#onToken(identity.feed.current);
  }

  /** Safe twice. */
  stop(): void {
    this.#leave?.();
    this.#leave = undefined;
    this.#round.abort();
  }

  // A renewal publishes the same token again: nothing to do.
  #onToken({ form, token }: TokenState): void {
    if (form !== 'plain' || token.equals(this.#token)) return;
    this.#token = token;
    this.#round.abort();
    this.#round = new AbortController();
    void this.#run(token, this.#round.signal);
  }

  async #run(token: Secret, signal: AbortSignal): Promise<void> {
    const { paths, clock, random } = this.#options;
    for (const path of paths) {
      try {
        await clock.sleep((random() * SPREAD_MS) / paths.length, signal);
      } catch {
        return;
      }
      await this.#one(path, token);
    }
  }

  async #one(path: string, token: Secret): Promise<void> {
    const { namespace, log, read } = this.#options;
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const name = nameOf({ method: 'GET', path: `/v1/${encoded}`, query: '', namespace });
    if (typeof name === 'string') return log.warn({ path, why: name }, 'path of prefetch is no static secret');
    const result = await read(name, token);
    if (result === undefined) return log.warn({ path }, 'static secret could not be prefetched: no answer');
    const { status } = result.reply;
    if (status === 200) return log.debug({ path, why: result.why }, 'static secret was prefetched');
    const fields = { path, status };
    if (status === 403 || status === 404) return log.debug(fields, 'static secret could not be prefetched');
    log.warn(fields, 'static secret could not be prefetched');
  }
}
