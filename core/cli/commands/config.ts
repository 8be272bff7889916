// `claviger config validate | explain | schema`: nothing is run, nothing but configuration files and manifests is opened.
import { loadConfig, hasErrors, type LoadedConfig } from '../../boot/load-config.js';
import { composeSchema } from '../../config/compose-schema.js';
import { formatProblems, problemsToJson } from '../../config/problems.js';
import { agentError } from '../../sdk/index.js';
import { AGENT_FLAGS, overridesOf } from '../agent-flags.js';
import type { Command } from '../dispatch.js';
import { parseFlags, type Flag } from '../flags.js';
import { asksForHelp, helpText } from '../help.js';
import type { Terminal } from '../terminal.js';

const FLAGS: readonly Flag[] = [
  ...AGENT_FLAGS,
  { name: 'json', kind: 'boolean', help: 'print JSON' },
  { name: 'proxy', kind: 'boolean', help: 'read it as a proxy configuration' },
];

const ABOUT = `  validate   lists every problem with file, line, column and what to do; exit code 1 when there are errors
  explain    prints the resolved configuration and the plan: what would run, and where it was configured
  schema     prints one JSON Schema of the configuration, for editors`;

/** The `config` command. */
export const configCommand: Command = async (argv, terminal) => {
  const [action, ...rest] = argv;
  if (action === undefined || asksForHelp(argv)) {
    terminal.out(helpText('claviger config validate|explain|schema [options] [path ...]', ABOUT, FLAGS));
    return action === undefined ? 1 : 0;
  }
  if (!ACTIONS.has(action)) throw agentError('CONFIG_USAGE', { detail: `unknown action "config ${action}"` });
  const parsed = parseFlags(rest, FLAGS);
  const paths = [...((parsed.values.config as string[] | undefined) ?? []), ...parsed.operands];
  const json = parsed.values.json === true;
  if (action !== 'schema' && paths.length === 0)
    throw agentError('CONFIG_USAGE', { detail: `config ${action} needs -config=<path>` });
  const loaded = await loadConfig({
    paths,
    product: parsed.values.proxy === true ? 'proxy' : 'agent',
    env: terminal.env,
    flags: overridesOf(parsed),
    strict: parsed.values.strict === true,
    warnMissingFiles: true,
  });
  if (action === 'validate') return validate(loaded, json, terminal);
  if (action === 'explain') return explain(loaded, json, terminal);
  terminal.out(`${JSON.stringify(await composeSchema(loaded.catalog), undefined, 2)}\n`);
  return 0;
};

const ACTIONS: ReadonlySet<string> = new Set(['validate', 'explain', 'schema']);

/** What is not built yet stops a start, though nothing in the file is wrong. */
function verdict(problems: LoadedConfig['problems']): string {
  const open = problems.some((problem) => problem.code === 'CONFIG_NOT_SUPPORTED_YET');
  return open
    ? 'The configuration is valid, but this version cannot start with it yet.\n'
    : 'The configuration is valid.\n';
}

function validate(loaded: LoadedConfig, json: boolean, terminal: Terminal): number {
  const failed = hasErrors(loaded.problems);
  if (json) terminal.out(`${JSON.stringify(problemsToJson(loaded.problems), undefined, 2)}\n`);
  else if (loaded.problems.length > 0)
    terminal.err(formatProblems(loaded.problems, loaded.texts, { color: terminal.errIsTerminal }));
  if (!failed && !json) terminal.out(verdict(loaded.problems));
  return failed ? 1 : 0;
}

function explain(loaded: LoadedConfig, json: boolean, terminal: Terminal): number {
  if (hasErrors(loaded.problems) || loaded.config === undefined) return validate(loaded, false, terminal);
  if (json) {
    terminal.out(`${printed({ config: loaded.config, plan: loaded.plan })}\n`);
    return 0;
  }
  const rows = loaded.plan.map((item) => {
    const what = item.plugin === undefined ? 'core' : `${item.kind} "${item.plugin}"`;
    const uses = item.uses.length === 0 ? '' : `  uses ${item.uses.join(', ')}`;
    return `  ${item.id.padEnd(22)} ${what.padEnd(28)} ${item.at ?? ''}${uses}`;
  });
  terminal.out(`Plan, in start order:\n${rows.join('\n')}\n\nConfiguration:\n${printed(loaded.config)}\n`);
  return 0;
}

/** JSON for people. Secret settings print themselves as "[secret]"; what stands before the @ of an address is hidden too. */
const printed = (value: unknown): string =>
  JSON.stringify(
    value,
    (_key, member: unknown) =>
      typeof member === 'string' ? member.replace(/^([a-z][\w+.-]*:\/\/)[^/@\s]*@/i, '$1[secret]@') : member,
    2,
  );
