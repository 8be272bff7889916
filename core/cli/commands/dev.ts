// `claviger dev`: the in-memory server in the foreground, and with -with-agent an agent in front of it.
import { startDevServer } from '../../dev-server/start.js';
import { systemClock } from '../../kernel/clock.js';
import { agentError } from '../../sdk/index.js';
import type { Command } from '../dispatch.js';
import { parseFlags, type Flag } from '../flags.js';
import { asksForHelp, helpText } from '../help.js';
import { runQuickstart } from '../quickstart.js';
import type { Terminal } from '../terminal.js';

/** Options of `claviger dev`. */
export const DEV_FLAGS: readonly Flag[] = [
  { name: 'dev-root-token-id', kind: 'text', help: 'root token; random when absent', placeholder: 'token' },
  { name: 'dev-listen-address', kind: 'text', help: 'default 127.0.0.1:8200', placeholder: 'host:port' },
  { name: 'with-agent', kind: 'boolean', help: 'also run an agent in front of it, with everything set up to try' },
  {
    name: 'config',
    kind: 'list',
    help: 'configuration of that agent; default examples/quickstart/agent.hcl',
    placeholder: 'path',
  },
  { name: 'log-level', kind: 'text', help: 'log level of that agent' },
  // accepted because scripts pass them to other dev servers
  { name: 'dev', kind: 'boolean', help: '', hidden: true },
  { name: 'dev-no-store-token', kind: 'boolean', help: '', hidden: true },
];

const ABOUT =
  'Serves the API of Vault from memory. Everything is lost when it ends, and nothing is protected: never for production.';

/** The `dev` command. */
export const devCommand: Command = async (argv, terminal) => {
  if (asksForHelp(argv)) {
    terminal.out(helpText('claviger dev [options]', ABOUT, DEV_FLAGS));
    return 0;
  }
  const parsed = parseFlags(argv, DEV_FLAGS);
  if (parsed.operands.length > 0)
    throw agentError('CONFIG_USAGE', { detail: `unexpected argument "${parsed.operands[0]}"` });
  const text = (name: string): string | undefined => parsed.values[name] as string | undefined;
  const rootToken = text('dev-root-token-id') ?? terminal.env.VAULT_DEV_ROOT_TOKEN_ID;
  const withAgent = parsed.values['with-agent'] === true;
  const started = await startDevServer({
    listenAddress: text('dev-listen-address') ?? terminal.env.VAULT_DEV_LISTEN_ADDRESS ?? '127.0.0.1:8200',
    clock: systemClock(),
    seed: withAgent,
    ...(rootToken !== undefined && { rootToken }),
  });
  try {
    const greeting = openWarning(started.url) + devBanner(started.url, started.rootToken);
    if (!withAgent) return await untilSignal(terminal, greeting);
    return await runQuickstart({
      greeting,
      terminal,
      server: started,
      configs: (parsed.values.config as string[] | undefined) ?? [],
      logLevel: text('log-level'),
    });
  } finally {
    await started.close();
  }
};

/** What is to be said about where a dev server listens; empty for loopback. */
export const openWarning = (url: string): string =>
  /^https?:\/\/(?:127(?:\.\d+){3}:|localhost:|\[::1\])/.test(url)
    ? ''
    : `\nWARNING! ${url} is not a loopback address: others on the network can reach this server.\n`;

const devBanner = (url: string, rootToken: string): string => `
WARNING! This is the development server of Claviger. It keeps everything in memory,
starts unsealed and checks no certificate: NOT FOR PRODUCTION, not for real secrets.

    $ export VAULT_ADDR='${url}'

Root Token: ${rootToken}

`;

// It listens before it says that it is there, so that whoever waited for the words can end it.
function untilSignal(terminal: Terminal, greeting: string): Promise<number> {
  return new Promise((resolve) => {
    const off = terminal.onSignal((signal) => {
      if (signal === 'SIGHUP' || signal === 'SIGUSR1') return;
      off();
      resolve(0);
    });
    terminal.out(greeting);
  });
}
