// The `claviger` command inside this process: everything but the process edge. Bounded; what it prints is collected.
import { dispatch } from '../../core/cli/dispatch.js';
import type { Terminal } from '../../core/cli/terminal.js';
import { collect } from './collector.js';
import { until, within } from './until.js';

/** How a command is called. */
export interface CallOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What a command came to. */
export interface Called {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A command under way. */
export class Call implements Terminal {
  readonly outIsTerminal = false;
  readonly errIsTerminal = false;
  readonly pid = process.pid;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly ended: Promise<Called>;
  #out = '';
  #err = '';
  readonly #listeners = new Set<(signal: NodeJS.Signals) => void>();
  readonly out = (text: string): void => void (this.#out += text);
  readonly err = (text: string): void => void (this.#err += text);

  constructor(args: readonly string[], options: CallOptions = {}) {
    this.env = options.env ?? {};
    this.cwd = options.cwd ?? process.cwd();
    this.ended = dispatch(args, this).then((code) => {
      collect(`claviger ${args[0] ?? ''}, both streams`, this.text);
      return { code, out: this.#out, err: this.#err };
    });
  }

  /** Both streams. */
  get text(): string {
    return this.#out + this.#err;
  }

  onSignal(listener: (signal: NodeJS.Signals) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  cut(code: number): void {
    throw new Error(`the command was cut with ${String(code)}`);
  }

  /** Waits until the output matches. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return until(`${String(pattern)} from a command`, () => pattern.exec(this.text));
  }

  /** Address of the first listener, once the agent is ready. */
  async url(): Promise<string> {
    return (await this.says(/Api Address 1: (\S+)/))[1]!;
  }

  /** SIGTERM, then how it ended. */
  async stop(): Promise<Called> {
    for (const listener of this.#listeners) listener('SIGTERM');
    return within('the stop of a command', this.ended);
  }
}

/** Runs a command that ends by itself. */
export const call = (args: readonly string[], options: CallOptions = {}): Promise<Called> =>
  within(`claviger ${args.join(' ')}`, new Call(args, options).ended);
