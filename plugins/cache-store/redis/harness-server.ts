// A real redis-server for tests: on a free port, in its own temp folder, gone with the process that started it. Not used by the store.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How the server is started. */
export interface ServerWishes {
  /** Default: any free one. */
  readonly port?: number;
  /** More arguments, such as `--requirepass x`. */
  readonly args?: readonly string[];
  /** A configuration file, which a Sentinel needs. */
  readonly config?: string;
}

/** A server that runs. */
export interface RedisServer {
  readonly port: number;
  /** Ends it at once, as a crash would; resolves when it is gone. Safe twice. */
  kill(): Promise<void>;
}

/** True when there is a redis-server on the PATH. */
export function hasRedisServer(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server and waits until it takes connections. It does not keep the process alive. */
export async function startRedis(wishes: ServerWishes = {}): Promise<RedisServer> {
  const port = wishes.port ?? (await freePort());
  const dir = mkdtempSync(join(tmpdir(), 'claviger-redis-'));
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir];
  const fixed =
    wishes.config === undefined ? [...place, '--save', '', '--appendonly', 'no'] : [wishes.config, ...place];
  const child = spawn('redis-server', [...fixed, ...(wishes.args ?? [])], { stdio: ['ignore', 'pipe', 'ignore'] });
  const crash = (): void => {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', crash);
  await ready(child);
  child.unref();
  (child.stdout as Socket).unref();
  const kill = async (): Promise<void> => {
    process.removeListener('exit', crash);
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.ref();
    crash();
    await gone;
  };
  return { port, kill };
}

async function ready(child: ChildProcess): Promise<void> {
  let said = '';
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    said += String(chunk);
    if (/Ready to accept connections|Sentinel ID/.test(said)) return void child.stdout!.resume();
  }
  throw new Error(`redis-server did not start: ${said}`);
}

/** Sends one command without the store and gives the raw reply. */
export async function tellRedis(port: number, ...args: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    for (const part of command(args)) socket.write(part);
    const [reply] = (await once(socket, 'data')) as [Buffer];
    return reply.toString('latin1');
  } finally {
    socket.destroy();
  }
}

function command(args: readonly (string | Buffer)[]): Buffer[] {
  const parts = args.flatMap((arg) => [
    Buffer.from(`$${Buffer.byteLength(arg)}\r\n`),
    Buffer.from(arg),
    Buffer.from('\r\n'),
  ]);
  return [Buffer.from(`*${args.length}\r\n`), ...parts];
}
