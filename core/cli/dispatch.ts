// Which command? Loads only that command's code. Exit codes: 0 done, 1 anything wrong (spec config 2.2).
import { describeError } from '../sdk/index.js';
import type { Terminal } from './terminal.js';

/** Runs one command and resolves to the exit code. */
export type Command = (argv: readonly string[], terminal: Terminal) => Promise<number>;

interface Listed {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Listed>> = {
  agent: {
    summary: 'log in, deliver tokens, serve applications through the caching proxy',
    load: async () => (await import('./commands/agent.js')).agentCommand('agent'),
  },
  proxy: {
    summary: 'the same with the keys and paths of a proxy configuration',
    load: async () => (await import('./commands/agent.js')).agentCommand('proxy'),
  },
  dev: {
    summary: 'in-memory Vault-compatible server for trying things out; never for production',
    load: async () => (await import('./commands/dev.js')).devCommand,
  },
  config: {
    summary: 'validate | explain | schema: look at a configuration without running it',
    load: async () => (await import('./commands/config.js')).configCommand,
  },
  auth: {
    summary: 'test: log in once as an identity would, tell what came of it, and revoke what was made',
    load: async () => (await import('./commands/auth.js')).authCommand,
  },
  cache: {
    summary: 'list | show | clear | explain: what the cache of a running agent holds, and why',
    load: async () => (await import('./commands/cache.js')).cacheCommand,
  },
  plugin: {
    summary: 'list | describe: which plugins exist and what they can be set to',
    load: async () => (await import('./commands/plugin.js')).pluginCommand,
  },
  token: {
    summary: 'unwrap | decrypt: read back what a sink wrapped or encrypted',
    load: async () => (await import('./commands/token.js')).tokenCommand,
  },
  version: {
    summary: 'print the version',
    load: async () => (await import('./commands/version.js')).versionCommand,
  },
};

/** The text of `claviger help`. */
export function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`);
  return `Usage: claviger <command> [options]\n\n${lines.join('\n')}\n\nclaviger <command> -help tells more.\n`;
}

/** Picks and runs the command. Errors end as one line on stderr and exit code 1, never as a stack. */
export async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [name = 'help', ...rest] = argv;
  const listed = COMMANDS[name.replace(/^--?(?=version$)/, '')];
  if (listed === undefined) {
    const asked = /^(help|--?h(elp)?)$/.test(name);
    if (asked) terminal.out(overview());
    else
      terminal.err(`unknown command "${name}"

${overview()}`);
    return asked ? 0 : 1;
  }
  try {
    return await (
      await listed.load()
    )(rest, terminal);
  } catch (error) {
    terminal.err(`${describeError(error)}\n`);
    return 1;
  }
}
