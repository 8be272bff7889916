// The agent of `claviger dev -with-agent` (`npm start`): an ordinary agent with the example configuration, run in a temporary folder that is
// removed at the end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StartedDevServer } from '../dev-server/start.js';
import { AGENT_FLAGS } from './agent-flags.js';
import { runAgent } from './commands/agent.js';
import { parseFlags } from './flags.js';
import type { Terminal } from './terminal.js';

/** What the quickstart runs with. */
export interface QuickstartRequest {
  readonly terminal: Terminal;
  readonly server: StartedDevServer;
  /** Printed first. */
  readonly greeting: string;
  /** Configurations instead of the example. */
  readonly configs: readonly string[];
  readonly logLevel: string | undefined;
}

const EXAMPLE = fileURLToPath(new URL('../../../examples/quickstart/agent.hcl', import.meta.url));

/** Runs the agent until it ends; resolves to its exit code. */
export async function runQuickstart(request: QuickstartRequest): Promise<number> {
  const { terminal, server, configs, logLevel } = request;
  const home = process.cwd();
  const paths = configs.length === 0 ? [EXAMPLE] : configs.map((path) => resolve(home, path));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  const cut = (code: number): void => {
    clean();
    terminal.cut(code);
  };
  // until the agent listens itself, a signal must not leave the folder behind
  const off = terminal.onSignal((signal) => {
    if (signal === 'SIGTERM' || signal === 'SIGINT') cut(0);
  });
  const onSignal: Terminal['onSignal'] = (listener) => {
    const stop = terminal.onSignal(listener);
    off();
    return stop;
  };
  const folder = mkdtempSync(join(tmpdir(), 'claviger-quickstart-'));
  try {
    terminal.out(request.greeting);
    writeFileSync(join(folder, 'role-id'), server.quickstart!.roleId, { mode: 0o600 });
    writeFileSync(join(folder, 'secret-id'), server.quickstart!.secretId, { mode: 0o600 });
    // the example names its files relative to where it runs
    process.chdir(folder);
    const argv = [
      ...paths.map((path) => `-config=${path}`),
      `-address=${server.url}`,
      ...(logLevel === undefined ? [] : [`-log-level=${logLevel}`]),
    ];
    return await runAgent({
      product: 'agent',
      parsed: parseFlags(argv, AGENT_FLAGS),
      terminal: { ...terminal, cut, onSignal },
      onReady: (urls) => terminal.out(invitation(urls[0] ?? '', join(folder, 'token'))),
    });
  } finally {
    off();
    process.chdir(home);
    clean();
  }
}

const invitation = (agent: string, token: string): string => `Ready. Four commands to try in another terminal:

  curl -si ${agent}/v1/aws/creds/readonly
      new credentials: X-Cache: MISS. The agent logged in by itself, curl needs no token.

  curl -si ${agent}/v1/aws/creds/readonly
      the same credentials: X-Cache: HIT, with Age and the seconds that remain in lease_duration.

  curl -s ${agent}/v1/aws/creds/readonly | grep -o '"lease_id":"[^"]*"' | sed 's/.*/{&}/' | curl -si -X PUT -d @- ${agent}/v1/sys/leases/revoke
      revokes that lease through the agent: the next read is a MISS again.

  cat ${token}
      the token that the file sink keeps up to date.

Ctrl-C ends both and removes everything.

`;
