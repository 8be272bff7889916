// The `claviger` command as a child process: bounded, its output collected, gone at the end whatever happened.
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { collect } from './collector.js';
import { until, within } from './until.js';

const MAIN = fileURLToPath(new URL('../../core/main.js', import.meta.url));
/** The program as it is shipped: the same code, joined into few files. */
export const BUNDLED = fileURLToPath(new URL('../../../bundle/core/main.js', import.meta.url));
const LIFE_MS = 30_000;

/** How a command is run. */
export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command prints a secret on purpose: its standard output is not searched for planted ones. */
  readonly printsSecret?: boolean;
  /** The user, and its group of the same number, that it runs as; only root may choose. */
  readonly uid?: number | undefined;
  /** The program; what was compiled file by file by default. */
  readonly main?: string;
}

/** A running command. */
export class Running {
  out = '';
  err = '';
  readonly #child: ChildProcess;
  /** Resolves when the process has ended and its output is complete. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;

  constructor(args: readonly string[], options: CommandOptions) {
    const env = { PATH: process.env.PATH, HOME: options.cwd, TMPDIR: options.cwd, ...options.env };
    this.#child = spawn(process.execPath, [options.main ?? MAIN, ...args], {
      cwd: options.cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    });
    this.#child.stdout!.on('data', (bytes: Buffer) => (this.out += bytes.toString()));
    this.#child.stderr!.on('data', (bytes: Buffer) => (this.err += bytes.toString()));
    const leash = setTimeout(() => this.#child.kill('SIGKILL'), LIFE_MS);
    const name = `claviger ${args[0] ?? ''}`;
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        clearTimeout(leash);
        if (options.printsSecret !== true) collect(`${name}, standard output`, this.out);
        collect(`${name}, standard error`, this.err);
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Both streams. */
  get text(): string {
    return this.out + this.err;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Waits until the output (of both streams) matches; fails at once when the process ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    let over = false;
    void this.ended.then(() => (over = true));
    return until(
      () => `${String(pattern)} in:\n${this.text}`,
      () => {
        const match = pattern.exec(this.text);
        if (match === null && over) throw new Error(`ended without saying ${String(pattern)}:\n${this.text}`);
        return match;
      },
    );
  }

  /** Closes our ends of its output. */
  stopListening(): void {
    this.#child.stdout!.destroy();
    this.#child.stderr!.destroy();
  }

  /** The exit code. */
  async code(): Promise<number | null> {
    return (await within('the end of a command', this.ended, LIFE_MS)).code;
  }

  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.code();
  }

  /** Makes sure that nothing is left. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
}
