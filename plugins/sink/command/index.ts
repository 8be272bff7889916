// Sink command: a program that reads the payload from its standard input. No shell, a bare environment, a bound; what it prints is never shown,
// because it may print the token. Knows programs, nothing of tokens.
import {
  Log,
  Settings,
  Time,
  agentError,
  plugin,
  runProgram,
  type Clock,
  type Delivery,
  type Logger,
  type Sink,
} from 'claviger/sdk';
import { checkProgram } from './check-program.js';

interface CommandSettings {
  readonly argv: readonly string[];
  /** Milliseconds. */
  readonly timeout?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
}

const TIMEOUT_MS = 15_000;

@plugin()
export default class CommandSink implements Sink {
  readonly #settings: CommandSettings;
  readonly #log: Logger;
  readonly #clock: Clock;

  constructor(@Settings settings: CommandSettings, @Log log: Logger, @Time clock: Clock) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    const why = await checkProgram(this.#path);
    if (why !== undefined) throw agentError('SINK_NOT_WRITABLE', { path: this.#path, why }, { at: this.#path });
  }

  async write({ payload, identity, form }: Delivery, signal: AbortSignal): Promise<void> {
    const { argv, timeout = TIMEOUT_MS, environment = {}, directory = '/' } = this.#settings;
    const { why, outputBytes, errorBytes } = await runProgram({
      argv,
      directory,
      environment: { ...environment, CLAVIGER_IDENTITY: identity, CLAVIGER_FORM: form },
      input: payload,
      timeoutMs: timeout,
      clock: this.#clock,
      signal,
    });
    if (why !== undefined) {
      const facts = { path: this.#path, why: why + printed(outputBytes + errorBytes) };
      throw agentError('SINK_WRITE_FAILED', facts, { at: this.#path });
    }
    this.#log.info({ program: this.#path }, 'token handed to the program');
  }

  get #path(): string {
    return this.#settings.argv[0] ?? '';
  }
}

const printed = (bytes: number): string =>
  bytes === 0 ? '' : `; it printed ${String(bytes)} bytes, which are not shown because they may hold the token`;
