// watchFile: tells when the content of a file became something else. Watches the folder, because a watcher on the file goes deaf after the
// first rename and after a Kubernetes `..data` swap (libraries-and-performance 9), and polls slowly for what no event reports.
import { watch, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { identityOf, isSameFile, readCredential, type FileIdentity, type Trim } from './credential.js';
import type { Clock } from './host.js';
import type { Secret } from './secret.js';

/** How to watch. */
export interface WatchOptions {
  readonly clock: Clock;
  /** Content that is known already; without it the content found first counts as known. */
  readonly known?: Secret | undefined;
  /** Bound of an unnoticed change; default 10 s. */
  readonly pollMs?: number;
  /** How long events may settle; default 50 ms. */
  readonly debounceMs?: number;
  /** As in `readCredential`: what is trimmed away makes no difference. */
  readonly trim?: Trim;
  readonly maxBytes?: number;
}

/**
 * Yields once for each new content. Missing, empty and unreadable files are no content: a file that vanishes and comes back the same yields
 * nothing. Changes while the consumer is busy are joined into one. Ends when the signal is aborted; never throws.
 */
export async function* watchFile(
  path: string,
  signal: AbortSignal,
  options: WatchOptions,
): AsyncGenerator<void, void, undefined> {
  if (signal.aborted) return;
  const bell = new Bell(dirname(path), options);
  const stop = (): void => bell.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const reader = new Reader(path, options);
    if (options.known === undefined) await reader.hasNews();
    while (!signal.aborted) {
      if (await reader.hasNews()) yield;
      await bell.next();
    }
  } finally {
    signal.removeEventListener('abort', stop);
    bell.close();
  }
}

/** Remembers the last content and reads again only when the file is another one. */
class Reader {
  readonly #path: string;
  readonly #options: WatchOptions;
  #known: Secret | undefined;
  #seen: FileIdentity | undefined;

  constructor(path: string, options: WatchOptions) {
    this.#path = path;
    this.#options = options;
    this.#known = options.known;
  }

  async hasNews(): Promise<boolean> {
    const now = await stat(this.#path).then(identityOf, () => undefined);
    if (now === undefined || (this.#seen !== undefined && isSameFile(now, this.#seen))) return false;
    const { trim, maxBytes } = this.#options;
    const read = { ...(trim === undefined ? {} : { trim }), ...(maxBytes === undefined ? {} : { maxBytes }) };
    const content = await readCredential(this.#path, read).catch(() => undefined);
    this.#seen = now;
    if (content === undefined || content.text.equals(this.#known)) return false;
    this.#known = content.text;
    return true;
  }
}

/** Rings when something happened in the folder, and every now and then by itself. A ring is never lost while nobody waits. */
class Bell {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #debounceMs: number;
  #watcher: FSWatcher | undefined;
  #cancelPoll: () => void = () => undefined;
  #cancelSettle: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #rung = false;
  #closed = false;

  constructor(folder: string, { clock, pollMs = 10_000, debounceMs = 50 }: WatchOptions) {
    this.#folder = folder;
    this.#clock = clock;
    this.#pollMs = pollMs;
    this.#debounceMs = debounceMs;
    this.#listen();
    this.#poll();
  }

  async next(): Promise<void> {
    if (!this.#rung && !this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#rung = false;
  }

  close(): void {
    this.#closed = true;
    this.#cancelPoll();
    this.#cancelSettle?.();
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#ring();
  }

  #ring(): void {
    this.#rung = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  #poll(): void {
    this.#cancelPoll = this.#clock.after(this.#pollMs, () => {
      this.#listen();
      this.#poll();
      this.#ring();
    });
  }

  #listen(): void {
    if (this.#watcher !== undefined) return;
    try {
      const watcher = watch(this.#folder, { persistent: false }, () => this.#settle());
      watcher.on('error', () => this.#forget(watcher));
      this.#watcher = watcher;
    } catch {
      // The folder is not there yet, or the machine has no watches left: the poll tries again.
      this.#watcher = undefined;
    }
  }

  #forget(watcher: FSWatcher): void {
    watcher.close();
    if (this.#watcher === watcher) this.#watcher = undefined;
  }

  #settle(): void {
    if (this.#closed || this.#cancelSettle !== undefined) return;
    this.#cancelSettle = this.#clock.after(this.#debounceMs, () => {
      this.#cancelSettle = undefined;
      this.#ring();
    });
  }
}
