// The log file and its rotation (spec config 2.7). Writes are synchronous, so that the last line before an exit is on disk.
import { closeSync, fstatSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { agentError, failureText } from '../sdk/index.js';

/** Settings of the file; `rotateBytes` 0 means no limit, `maxFiles` 0 keeps all archives, negative keeps none. */
export interface LogFileOptions {
  readonly path: string;
  readonly rotateBytes: number;
  readonly rotateDurationMs: number;
  readonly maxFiles: number;
  readonly now: () => number;
}

const DEFAULT_NAME = 'claviger.log';

/** An open log file. Throws HOST_LOG_FILE when it cannot be opened. */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #path: string;
  #fd: number;
  #bytes = 0;
  #openedAt = 0;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#path = resolvePath(options.path);
    this.#fd = this.#open();
    this.#prune();
  }

  /** Appends one line, rotating before it when a bound is reached. */
  write(line: string): void {
    if (this.#fd < 0) return;
    if (this.#due()) this.#rotate();
    this.#bytes += writeSync(this.#fd, line);
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #open(): number {
    try {
      const fd = openSync(this.#path, 'a', 0o640);
      this.#bytes = fstatSync(fd).size;
      this.#openedAt = this.#options.now();
      return fd;
    } catch (cause) {
      throw agentError('HOST_LOG_FILE', { path: this.#path, why: failureText(cause) }, { cause });
    }
  }

  #due(): boolean {
    const { rotateBytes, rotateDurationMs, now } = this.#options;
    return (
      (rotateBytes > 0 && this.#bytes >= rotateBytes) ||
      (rotateDurationMs > 0 && now() - this.#openedAt >= rotateDurationMs)
    );
  }

  #rotate(): void {
    this.close();
    const extension = extname(this.#path);
    const stem = basename(this.#path, extension);
    const archive = `${stem}-${BigInt(Math.floor(this.#options.now())) * 1_000_000n}${extension || '.log'}`;
    renameSync(this.#path, join(dirname(this.#path), archive));
    this.#fd = this.#open();
    this.#prune();
  }

  #prune(): void {
    const { maxFiles } = this.#options;
    if (maxFiles === 0) return;
    const stem = `${basename(this.#path, extname(this.#path))}-`;
    const archives = readdirSync(dirname(this.#path))
      .filter((name) => name.startsWith(stem) && /^\d+(\.\w+)?$/.test(name.slice(stem.length)))
      .sort();
    for (const name of archives.slice(0, maxFiles < 0 ? archives.length : Math.max(0, archives.length - maxFiles))) {
      rmSync(join(dirname(this.#path), name), { force: true });
    }
  }
}

function resolvePath(path: string): string {
  if (/[*?[]/.test(path)) throw agentError('HOST_LOG_FILE', { path, why: 'the path must not hold * ? or [' });
  return path.endsWith('/') ? join(path, DEFAULT_NAME) : path;
}
