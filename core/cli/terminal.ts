// What a command may do with the outside: write text, read the environment, wait for signals. Tests replace it.

/** The edge of the process as commands see it. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** True when a person looks at the stream. */
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly pid: number;
  /** Everything on standard input, for what must not be an argument; missing when there is none. */
  readonly input?: () => Promise<string>;
  /** Calls `listener` for each signal; the result ends that. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
  /** Ends the process at once, for a second signal. */
  cut(code: number): void;
}
