// runProgram: one run of a program for a plugin. No shell, a bare environment, bounds of time and size; a process group of its own, which is killed whole
// when the program is late, no longer wanted, or has ended and left something running. What it writes to standard error is counted and never kept.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { errnoOf, failureText } from './failure-text.js';
import type { Clock } from './host.js';
import { Secret } from './secret.js';

/** What to run. */
export interface Program {
  /** Absolute path, then arguments. */
  readonly argv: readonly string[];
  /** All of its environment besides a plain PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default `/`. */
  readonly directory?: string;
  /** Written to its standard input; default nothing. */
  readonly input?: Secret;
  readonly timeoutMs: number;
  /** Of standard output; default 0: it is only counted, without a limit. */
  readonly maxBytes?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How it ended. */
export interface ProgramEnd {
  /** Undefined: it ended with code 0. Otherwise a phrase for people, without anything that the program printed. */
  readonly why: string | undefined;
  /** What it printed, as UTF-8. Empty unless `maxBytes` was given. */
  readonly output: Secret;
  readonly outputBytes: number;
  readonly errorBytes: number;
}

/** How long what was killed, or holds the pipes of a program that has ended, is waited for; then it is left alone. */
const GRACE_MS = 2_000;

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs it to its end. Rejects only with the reason of the signal. */
export async function runProgram(program: Program): Promise<ProgramEnd> {
  const { spawn } = await import('node:child_process');
  program.signal.throwIfAborted();
  const { argv, environment = {}, directory = '/', input } = program;
  const [file = '', ...args] = argv;
  let child: ChildProcessWithoutNullStreams;
  try {
    const env = { PATH, ...environment };
    child = spawn(file, args, { cwd: directory, env, stdio: 'pipe', detached: true, windowsHide: true });
  } catch (error) {
    // an argument with a NUL, or a list that is too long
    return unstarted(error);
  }
  // out of file descriptors there are no pipes, and the error comes later
  if ((child.stdin as unknown) === undefined)
    return new Promise((resolve) => void child.once('error', (error) => resolve(unstarted(error))));
  // a program that does not read must not fail for that
  child.stdin.on('error', () => undefined);
  child.stdin.end(input?.reveal() ?? '');
  return new Run(child, program).end();
}

const unstarted = (error: unknown): ProgramEnd => ({
  why: notStarted(error),
  output: new Secret(''),
  outputBytes: 0,
  errorBytes: 0,
});

class Run {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #program: Program;
  readonly #chunks: Buffer[] = [];
  #outputBytes = 0;
  #errorBytes = 0;
  #cut: string | undefined;
  readonly #over = deferred<string | undefined>();
  #giveUp: (() => void) | undefined;

  constructor(child: ChildProcessWithoutNullStreams, program: Program) {
    this.#child = child;
    this.#program = program;
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    child.stderr.on('data', (chunk: Buffer) => (this.#errorBytes += chunk.length));
    for (const pipe of [child.stdout, child.stderr]) pipe.on('error', () => pipe.destroy());
  }

  async end(): Promise<ProgramEnd> {
    const { clock, timeoutMs, signal } = this.#program;
    const late = `it did not end within ${String(timeoutMs / 1000)} s and was killed`;
    const cancel = clock.after(timeoutMs, () => this.#kill(late));
    const leave = (): void => this.#kill('it was no longer wanted');
    signal.addEventListener('abort', leave, { once: true });
    try {
      const why = await this.#ended();
      signal.throwIfAborted();
      const output = new Secret(Buffer.concat(this.#chunks).toString('utf8'));
      return { why: this.#cut ?? why, output, outputBytes: this.#outputBytes, errorBytes: this.#errorBytes };
    } finally {
      cancel();
      this.#giveUp?.();
      signal.removeEventListener('abort', leave);
    }
  }

  #ended(): Promise<string | undefined> {
    const { promise, resolve } = this.#over;
    this.#child.on('error', (error) => resolve(notStarted(error)));
    // what it left running must not hold the pipes
    this.#child.once('exit', () => {
      killGroup(this.#child);
      this.#giveUp ??= this.#program.clock.after(GRACE_MS, () => this.#letGo());
    });
    this.#child.once('close', (code, signal) => {
      if (signal !== null) resolve(`it was ended by ${signal}`);
      else resolve(code === 0 ? undefined : `it ended with code ${String(code)}`);
    });
    return promise;
  }

  #take(chunk: Buffer): void {
    const { maxBytes = 0 } = this.#program;
    this.#outputBytes += chunk.length;
    if (maxBytes === 0) return;
    if (this.#outputBytes > maxBytes) this.#kill(`it printed more than ${String(maxBytes)} bytes and was killed`);
    else this.#chunks.push(chunk);
  }

  #kill(why: string): void {
    this.#cut ??= why;
    killGroup(this.#child);
    this.#letGo();
    this.#giveUp ??= this.#program.clock.after(GRACE_MS, () => this.#leave());
  }

  // A process that left the group may hold the pipes for ever.
  #letGo(): void {
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
  }

  #leave(): void {
    this.#cut = `${(this.#cut ?? '').replace(/ and was killed$/, '')} and cannot be killed by this user: it still runs`;
    this.#child.stdin.destroy();
    this.#child.unref();
    this.#over.resolve(undefined);
  }
}

// Without an error number the text quotes arguments or variables.
const notStarted = (error: unknown): string =>
  `it could not be started: ${errnoOf(error) === undefined ? 'its arguments or variables cannot be passed on' : failureText(error)}`;

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

function killGroup(child: ChildProcessWithoutNullStreams): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // there is nobody left, or nobody that this user may kill
  }
}
