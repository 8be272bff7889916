// `claviger auth test`: one login as the agent would make it, what came of it, and the end of what it made.
import { hasErrors, loadConfig } from '../../boot/load-config.js';
import { LoginTrial } from '../../boot/login-trial.js';
import { formatProblems } from '../../config/problems.js';
import type { AgentConfig, IdentityConfig } from '../../contracts/agent-config.js';
import type { Catalog } from '../../contracts/catalog.js';
import type { LogRoot } from '../../contracts/logging.js';
import { systemClock } from '../../kernel/clock.js';
import { agentError, type AgentError } from '../../sdk/index.js';
import { createLogging } from '../../telemetry/logger.js';
import { CONFIG_FLAGS, HTTP_FLAGS, overridesOf } from '../agent-flags.js';
import type { Command } from '../dispatch.js';
import { parseFlags, type Flag, type ParsedFlags } from '../flags.js';
import { asksForHelp, helpText } from '../help.js';
import type { Terminal } from '../terminal.js';
import { LoginTest } from '../login-test.js';
import { version } from '../version.js';

/** Options of `claviger auth test`. */
export const AUTH_FLAGS: readonly Flag[] = [
  ...CONFIG_FLAGS,
  { name: 'dry-run', kind: 'boolean', help: 'show the login with its secrets masked, and send nothing' },
  { name: 'spend', kind: 'boolean', help: 'log in also when that uses up a credential that is good once' },
  { name: 'format', kind: 'text', help: 'text or json', placeholder: 'text' },
  { name: 'proxy', kind: 'boolean', help: 'read it as a proxy configuration' },
  ...HTTP_FLAGS,
];

const ABOUT = `  test [identity]   logs in once as the identity would, prints which credentials were used and what the token may do, and revokes the
                    token. No file is removed, no sink is written. With several auto_auth blocks the identity must be named.`;

/** The `auth` command. */
export const authCommand: Command = async (argv, terminal) => {
  const [action, ...rest] = argv;
  if (action === undefined || asksForHelp(argv)) {
    terminal.out(helpText('claviger auth test -config=<path> [options] [identity]', ABOUT, AUTH_FLAGS));
    return action === undefined ? 1 : 0;
  }
  if (action !== 'test') throw usage(`unknown action "auth ${action}"`);
  const parsed = parseFlags(rest, AUTH_FLAGS);
  const { format = 'text', spend, 'dry-run': dryRun } = parsed.values;
  if (format !== 'text' && format !== 'json') throw usage('-format is text or json');
  if (spend === true && dryRun === true) throw usage('-dry-run sends nothing, so it has nothing to spend');
  if (parsed.operands.length > 1) throw usage(`unexpected argument "${parsed.operands[1] ?? ''}"`);
  return test({ parsed, terminal, json: format === 'json' });
};

interface Call {
  readonly parsed: ParsedFlags;
  readonly terminal: Terminal;
  readonly json: boolean;
}

async function test({ parsed, terminal, json }: Call): Promise<number> {
  const loaded = await load(parsed, terminal);
  if (loaded === undefined) return 1;
  const { config, catalog } = loaded;
  const identity = chosen(config, parsed.operands[0]);
  const stop = new AbortController();
  const off = terminal.onSignal((signal) => {
    if (signal !== 'SIGINT' && signal !== 'SIGTERM') return;
    if (stop.signal.aborted) terminal.cut(1);
    stop.abort(agentError('AUTH_TEST_REFUSED', { why: 'it was interrupted' }));
  });
  try {
    const common = { log: warnings(terminal), env: terminal.env, version: version(), signal: stop.signal };
    const trial = await LoginTrial.open({ config, catalog, identity, ...common });
    const spend = parsed.values.spend === true;
    return await new LoginTest({ trial, identity, terminal, json, spend }).run(parsed.values['dry-run'] === true);
  } finally {
    off();
  }
}

async function load(
  parsed: ParsedFlags,
  terminal: Terminal,
): Promise<{ readonly config: AgentConfig; readonly catalog: Catalog } | undefined> {
  const paths = (parsed.values.config as string[] | undefined) ?? [];
  if (paths.length === 0) throw usage('auth test needs -config=<path>');
  const { config, catalog, problems, texts } = await loadConfig({
    paths,
    product: parsed.values.proxy === true ? 'proxy' : 'agent',
    env: terminal.env,
    flags: overridesOf(parsed),
    strict: parsed.values.strict === true,
  });
  if (problems.length > 0) terminal.err(formatProblems(problems, texts, { color: terminal.errIsTerminal }));
  return config === undefined || hasErrors(problems) ? undefined : { config, catalog };
}

function chosen({ identities }: AgentConfig, name: string | undefined): IdentityConfig {
  const names = identities.map((identity) => identity.name);
  if (identities.length === 0) throw usage('there is no auto_auth block, so there is no login to test');
  if (name === undefined && identities.length > 1) throw usage(`which identity? There are ${names.join(', ')}`);
  const found = name === undefined ? identities[0] : identities.find((identity) => identity.name === name);
  if (found === undefined)
    throw usage(`there is no auto_auth block named "${name ?? ''}"; there are ${names.join(', ')}`);
  return found;
}

// The log of the agent is not touched: another one may be running with this configuration.
function warnings(terminal: Terminal): LogRoot {
  const clock = systemClock();
  const target = { write: (line: string) => terminal.err(line), colour: terminal.errIsTerminal };
  return createLogging({ level: 'warn', format: 'standard', targets: [target], now: () => clock.now() });
}

const usage = (detail: string): AgentError => agentError('CONFIG_USAGE', { detail });
