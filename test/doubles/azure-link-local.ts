// A program for a network of its own: the doubles behind the real link-local address, and one plugin with production defaults asking there (spec auth-wire
// 11.3). Argument: `azure` or `gcp`. Prints one JSON line. And what starts it so, for tests.
import { spawnSync } from 'node:child_process';
import { createServer, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../core/kernel/clock.js';
import type { AuthMethod } from '../../core/sdk/index.js';
import { loadPlugin, makeFakes } from '../../core/sdk/testing/index.js';
import { AzureDouble } from './azure.js';
import { EntraDouble } from './entra.js';
import { MetadataDouble } from './gcp-metadata.js';
import { GoogleDouble } from './gcp.js';

/** What the program prints. */
export interface LinkLocalOutcome {
  readonly login?: string;
  readonly error?: string;
  readonly sources?: readonly string[];
}

const ISOLATE = ['unshare', '-n', 'sh', '-c'] as const;
const ADDRESS = 'ip link set lo up && ip addr add 169.254.169.254/32 dev lo';
const NO_PROXY_MAY_HELP = {
  HTTP_PROXY: 'http://127.0.0.1:1',
  http_proxy: 'http://127.0.0.1:1',
  NODE_USE_ENV_PROXY: '1',
};

/** Why this machine cannot make such a network; undefined when it can. */
export function noNetworkOfItsOwn(): string | undefined {
  const [command, ...args] = ISOLATE;
  const { status } = spawnSync(command, [...args, ADDRESS], { timeout: 5_000 });
  return status === 0 ? undefined : 'it needs Linux, root, unshare and ip';
}

/** Runs the program for a plugin, with proxy variables set that must not matter. */
export function runLinkLocal(plugin: 'azure' | 'gcp'): LinkLocalOutcome {
  const [command, ...args] = ISOLATE;
  const script = `${ADDRESS} && exec "${process.execPath}" "${fileURLToPath(import.meta.url)}" ${plugin}`;
  const env = { PATH: process.env['PATH'] ?? '', ...NO_PROXY_MAY_HELP };
  const { stdout, stderr } = spawnSync(command, [...args, script], { encoding: 'utf8', timeout: 15_000, env });
  return JSON.parse(stdout === '' ? JSON.stringify({ error: stderr }) : stdout) as LinkLocalOutcome;
}

const SETTINGS = {
  azure: { role: 'app', resource: 'https://vault.example.com' },
  gcp: { type: 'gce', role: 'app', service_account: 'default' },
} as const;

async function main(plugin: keyof typeof SETTINGS): Promise<LinkLocalOutcome> {
  const clock = systemClock({ unref: true });
  await serveLinkLocal(() => clock.now());
  const manifest = new URL(`../../plugins/auth-method/${plugin}/plugin.json`, import.meta.url).href;
  const made = await loadPlugin<AuthMethod>(manifest, {
    settings: SETTINGS[plugin],
    fakes: { ...makeFakes(), clock } as never,
  });
  const attempt = { address: new URL('https://vault:8200'), namespace: '', purpose: 'login' } as const;
  const plan = await made.plugin.prepare({ ...attempt, signal: AbortSignal.timeout(10_000) });
  return { login: 'login' in plan ? plan.login : '', sources: (plan.trail ?? []).map(({ source }) => source) };
}

// One address, two clouds: the path tells which.
async function serveLinkLocal(now: () => number): Promise<void> {
  const entra = new EntraDouble(now);
  const azure = new AzureDouble(entra);
  const google = new GoogleDouble(now);
  google.account('machine@shop.iam.gserviceaccount.com');
  const machine = { project: 'shop', zone: 'z', name: 'vm', id: '1', status: 'RUNNING', labels: {} };
  const metadata = new MetadataDouble(google, machine, ['machine@shop.iam.gserviceaccount.com'], now);
  for (const { http } of [entra, azure, google, metadata]) await http.open();
  const server = createServer((incoming, response) => {
    const { url = '/', headers, method } = incoming;
    const to = url.startsWith('/computeMetadata/') ? metadata : azure;
    const onward = request(`${to.http.url}${url}`, { headers, method }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(80, '169.254.169.254', resolve));
}

const [, program, plugin] = process.argv;
if (program === fileURLToPath(import.meta.url) && (plugin === 'azure' || plugin === 'gcp')) {
  const outcome = await main(plugin).catch((error: unknown) => ({ error: String(error) }));
  process.stdout.write(JSON.stringify(outcome));
  process.exit();
}
