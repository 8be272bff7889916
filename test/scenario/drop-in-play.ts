// Runs play.mjs over one product of ours and a dev server of its own, and returns the transcript.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDevServer, type StartedDevServer } from '../../core/dev-server/start.js';
import { systemClock } from '../../core/kernel/clock.js';
import type { Transcript } from './drop-in-compare.js';

const PLAY = fileURLToPath(new URL('../golden/vectors/play.mjs', import.meta.url));
const CORE = fileURLToPath(new URL('../../core/', import.meta.url));

/** Plays all scenarios. Rejects with what the player wrote when it fails or needs longer than 110 s (17 s on an idle machine). */
export async function play(product: 'agent' | 'proxy'): Promise<Transcript> {
  const folder = await mkdtemp(join(tmpdir(), 'drop-in-'));
  const server = await startDevServer({ rootToken: 'root', listenAddress: '127.0.0.1:0', clock: systemClock() });
  try {
    await seed(server);
    const out = join(folder, 'ours.json');
    await run(product, server.url, out);
    return JSON.parse(await readFile(out, 'utf8')) as Transcript;
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
}

/** What had lived in the recorded server: other secrets, and so many versions of one that its first is gone. */
async function seed({ server }: StartedDevServer): Promise<void> {
  const body = { data: { user: 'u' } };
  for (const name of ['big', 'ro/x']) await server.call('POST', `secret/data/${name}`, { body });
  for (let version = 1; version <= 11; version += 1) await server.call('POST', 'secret/data/app', { body });
}

async function run(product: string, url: string, out: string): Promise<void> {
  const [listen, tap] = await freePorts();
  const args = ['--agent', `node main.js ${product}`, '--server', url, '--token', 'root', '--out', out];
  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` };
  const ports = ['--listen', String(listen), '--tap', String(tap)];
  await new Promise<void>((resolve, reject) => {
    execFile(
      process.execPath,
      [PLAY, ...args, ...ports],
      { cwd: CORE, env, timeout: 110_000 },
      (error, stdout, stderr) =>
        error === null ? resolve() : reject(new Error(`play.mjs failed: ${error.message}\n${stdout}${stderr}`)),
    );
  });
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const [one, other] = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return [one as number, other as number];
}
