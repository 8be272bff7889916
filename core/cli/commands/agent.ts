// `claviger agent` and `claviger proxy`: load, start, wait for a signal or an ending, stop. Exit codes of spec config 2.2.
import { Agent, startFailure, type Ending } from '../../boot/agent.js';
import { banner, startedLine } from '../../boot/banner.js';
import { checkPidFile, notifySystemd, removePidFile, writePidFile } from '../../boot/host-notify.js';
import { hasErrors, loadConfig, type LoadedConfig } from '../../boot/load-config.js';
import { formatProblems } from '../../config/problems.js';
import type { AgentConfig } from '../../contracts/agent-config.js';
import { agentError, describeError } from '../../sdk/index.js';
import { AGENT_FLAGS, overridesOf } from '../agent-flags.js';
import type { Command } from '../dispatch.js';
import { parseFlags, type ParsedFlags } from '../flags.js';
import { asksForHelp, helpText } from '../help.js';
import { openLog, type OpenLog } from '../open-log.js';
import type { Terminal } from '../terminal.js';
import { version } from '../version.js';

type Product = AgentConfig['product'];

/** The command for one product. */
export const agentCommand =
  (product: Product): Command =>
  async (argv, terminal) => {
    if (asksForHelp(argv)) {
      terminal.out(
        helpText(`claviger ${product} -config=<path> [options]`, 'Runs until it is told to stop.', AGENT_FLAGS),
      );
      return 0;
    }
    const parsed = parseFlags(argv, AGENT_FLAGS);
    if (parsed.operands.length > 0)
      throw agentError('CONFIG_USAGE', { detail: `unexpected argument "${parsed.operands[0]}"` });
    if (parsed.values.config === undefined)
      throw agentError('CONFIG_USAGE', { detail: `${product} needs at least one -config=<path>` });
    return runAgent({ product, parsed, terminal });
  };

/** What `runAgent` needs; `onReady` is called once everything is bound and write-checked. */
export interface AgentRunRequest {
  readonly product: Product;
  readonly parsed: ParsedFlags;
  readonly terminal: Terminal;
  readonly onReady?: (urls: readonly string[]) => void;
}

/** Runs an agent until a signal or its own ending; resolves to the exit code. */
export async function runAgent({ product, parsed, terminal, onReady }: AgentRunRequest): Promise<number> {
  const load = (): Promise<LoadedConfig> => loadConfig(loadOptions(product, parsed, terminal));
  const loaded = await load();
  const { config } = loaded;
  if (config === undefined || hasErrors(loaded.problems) || config.notBuilt.length > 0) {
    terminal.err(formatProblems(asErrors(loaded.problems), loaded.texts, { color: terminal.errIsTerminal }));
    return 1;
  }
  if (loaded.problems.length > 0)
    terminal.err(formatProblems(loaded.problems, loaded.texts, { color: terminal.errIsTerminal }));
  if (parsed.values['test-verify-only'] === true) return 0;
  const log = openLog(config.log, terminal, parsed.values['combine-logs'] === true);
  try {
    const combined = parsed.values['combine-logs'] === true;
    return await new AgentRun({ product, loaded: { ...loaded, config }, load, log, terminal, combined, onReady }).run();
  } finally {
    log.close();
  }
}

const loadOptions = (product: Product, parsed: ParsedFlags, terminal: Terminal) => ({
  paths: parsed.values.config as string[],
  product,
  env: terminal.env,
  flags: overridesOf(parsed),
  strict: parsed.values.strict === true,
});

/** At a start, what is understood but not built is an error. */
const asErrors = (problems: LoadedConfig['problems']): LoadedConfig['problems'] =>
  problems.map((problem) =>
    problem.code === 'CONFIG_NOT_SUPPORTED_YET' ? { ...problem, severity: 'error' } : problem,
  );

interface RunOptions {
  readonly product: Product;
  readonly loaded: LoadedConfig & { readonly config: AgentConfig };
  readonly load: () => Promise<LoadedConfig>;
  readonly log: OpenLog;
  readonly terminal: Terminal;
  readonly combined: boolean;
  readonly onReady: ((urls: readonly string[]) => void) | undefined;
}

/** One run of the agent, from start to exit code. */
class AgentRun {
  readonly #options: RunOptions;
  readonly #agent: Agent;
  #pidWritten = false;
  #reloads: Promise<void> = Promise.resolve();

  constructor(options: RunOptions) {
    const { loaded, log, terminal } = options;
    this.#options = options;
    this.#agent = new Agent({
      config: loaded.config,
      catalog: loaded.catalog,
      log: log.root,
      env: terminal.env,
      version: version(),
    });
  }

  async run(): Promise<number> {
    const { terminal, loaded, product } = this.#options;
    if (loaded.config.identities.length === 0)
      terminal.out('No auto_auth block: this agent does not log in by itself.\n');
    const signals = new SignalQueue(terminal);
    try {
      if (loaded.config.pidFile !== '') checkPidFile(loaded.config.pidFile);
      if (!this.#options.combined) terminal.out(startedLine(product));
      await Promise.race([this.#agent.start(), signals.stopped]);
      if (signals.isStopped) return await this.#stop(0);
      this.#announce();
      signals.onReload = () => this.#reloadInTurn();
      signals.onDump = () => terminal.err(`${JSON.stringify(this.#agent.metrics.snapshot())}\n`);
      const ending = await Promise.race([signals.stopped, this.#agent.ended]);
      return await this.#stop(exitCodeOf(ending));
    } catch (error) {
      terminal.err(`${startFailure(error)}\n`);
      return await this.#stop(1);
    } finally {
      signals.close();
    }
  }

  #announce(): void {
    const { terminal, loaded, product } = this.#options;
    const { config } = loaded;
    const urls = Object.fromEntries(this.#agent.urls.map((url, index) => [`Api Address ${index + 1}`, url]));
    const facts = { ...urls, 'Log Level': config.log.level, Version: `Claviger v${version()}` };
    terminal.out(banner(product, facts));
    if (config.pidFile !== '') {
      writePidFile(config.pidFile, terminal.pid);
      this.#pidWritten = true;
    }
    notifySystemd(terminal.env, '--ready', terminal.pid);
    this.#options.onReady?.(this.#agent.urls);
  }

  // One after the other, so that the last configuration wins; no reload may end a running agent.
  #reloadInTurn(): void {
    const { terminal } = this.#options;
    this.#reloads = this.#reloads
      .then(() => this.#reload())
      .catch((error: unknown) => terminal.err(`the reload failed, the agent keeps running: ${describeError(error)}\n`));
  }

  async #reload(): Promise<void> {
    const { terminal, product, load, log } = this.#options;
    terminal.out(`==> Claviger ${product === 'agent' ? 'Agent' : 'Proxy'} config reload triggered\n`);
    const loaded = await load();
    if (loaded.config === undefined || hasErrors(loaded.problems)) {
      terminal.err(formatProblems(loaded.problems, loaded.texts, { color: terminal.errIsTerminal }));
      terminal.err('The new configuration is not used; the old one keeps running.\n');
      return;
    }
    log.root.setLevel(loaded.config.log.level);
    for (const error of await this.#agent.reload()) terminal.err(`${describeError(error)}\n`);
  }

  async #stop(code: number): Promise<number> {
    const { terminal, product, log, loaded } = this.#options;
    if (code === 0) terminal.out(`==> Claviger ${product === 'agent' ? 'Agent' : 'Proxy'} shutdown triggered\n`);
    notifySystemd(terminal.env, 'STOPPING=1', terminal.pid);
    const stopLog = log.root.named(product);
    for (const error of await this.#agent.stop()) stopLog.error({ error }, 'error while stopping');
    if (this.#pidWritten) removePidFile(loaded.config.pidFile);
    return code;
  }
}

const exitCodeOf = (ending: Ending | 'signal'): number => (ending === 'signal' || ending.reason !== 'failed' ? 0 : 1);

/** Signals of one run: the first SIGTERM or SIGINT stops, the second cuts at once. */
class SignalQueue {
  readonly stopped: Promise<'signal'>;
  isStopped = false;
  onReload: () => void = () => undefined;
  onDump: () => void = () => undefined;
  readonly #off: () => void;

  constructor(terminal: Terminal) {
    let stop: (value: 'signal') => void;
    this.stopped = new Promise((resolve) => (stop = resolve));
    this.#off = terminal.onSignal((signal) => {
      if (signal === 'SIGHUP') return this.onReload();
      if (signal === 'SIGUSR1') return this.onDump();
      if (this.isStopped) return terminal.cut(1);
      this.isStopped = true;
      stop('signal');
    });
  }

  close(): void {
    this.#off();
  }
}
