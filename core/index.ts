// Embedding: an agent inside another program, for hosts and tests.
import { Agent } from './boot/agent.js';
import { hasErrors, loadConfig } from './boot/load-config.js';
import { formatProblems } from './config/problems.js';
import type { LogRoot } from './contracts/logging.js';
import type { Problem } from './contracts/problem.js';
import { AgentError, type Clock, type Logger } from './sdk/index.js';

export type { Agent, Ending } from './boot/agent.js';
export type { Problem } from './contracts/problem.js';

/** What to embed. */
export interface EmbedOptions {
  /** Configuration files and folders, as `-config` takes them. */
  readonly config: readonly string[];
  readonly product?: 'agent' | 'proxy';
  /** Environment to read settings from; none by default, so that a host's environment does not leak in. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Unknown keys are errors. */
  readonly strict?: boolean;
  /** Where log lines go; nowhere by default. */
  readonly log?: LogRoot;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly startTimeoutMs?: number;
}

/** A configuration that cannot be used. `problems` lists all findings, `message` shows them as a terminal would. */
export class ConfigRefused extends AgentError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], text: string) {
    super('CONFIG_VALUE', 'fix-config', text);
    this.problems = problems;
  }
}

const nothing = (): void => undefined;
const silent: Logger = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Loads and checks a configuration and makes an agent that is not started yet. Throws `ConfigRefused`. */
export async function createAgent(options: EmbedOptions): Promise<Agent> {
  const env = options.env ?? {};
  const loaded = await loadConfig({
    paths: options.config,
    product: options.product ?? 'agent',
    env,
    flags: {},
    strict: options.strict ?? false,
  });
  if (loaded.config === undefined || hasErrors(loaded.problems)) {
    throw new ConfigRefused(loaded.problems, formatProblems(loaded.problems, loaded.texts, { color: false }));
  }
  return new Agent({
    config: loaded.config,
    catalog: loaded.catalog,
    log: options.log ?? { named: () => silent },
    env,
    version: '',
    ...(options.clock && { clock: options.clock }),
    ...(options.random && { random: options.random }),
    ...(options.startTimeoutMs !== undefined && { startTimeoutMs: options.startTimeoutMs }),
  });
}
