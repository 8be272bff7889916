// One agent as a child process on a fixed port, which can be killed without warning and started again.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';

const MAIN = fileURLToPath(new URL('../../../core/main.js', import.meta.url));
const START_MS = 20_000;

/** A free port; nobody else in this process gets it. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An agent. */
export class AgentProcess {
  readonly port: number;
  readonly #config: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;
  /** The last output, for verdicts. */
  output = '';
  /** When it was last started, wall clock ms. */
  startedAt = 0;
  /** Its last output when it ended by itself; undefined otherwise. */
  crash: string | undefined;

  constructor(options: { readonly config: string; readonly folder: string; readonly port: number }) {
    this.#config = options.config;
    this.#folder = options.folder;
    this.port = options.port;
  }

  get up(): boolean {
    return this.#child !== undefined;
  }

  /** Starts it and waits until it accepts connections. */
  async start(): Promise<void> {
    this.startedAt = Date.now();
    const env = { PATH: process.env['PATH'], HOME: this.#folder, TMPDIR: this.#folder };
    const child = spawn(process.execPath, [MAIN, 'agent', `-config=${this.#config}`], {
      cwd: this.#folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (bytes: Buffer): void => void (this.output = (this.output + bytes.toString()).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let over = false;
    child.once('exit', () => (over = true));
    const last = performance.now() + START_MS;
    while (!(await accepts(this.port))) {
      if (over || performance.now() > last) throw new Error(`the agent did not start:\n${this.output}`);
      await pause(20);
    }
    this.#child = child;
    this.crash = undefined;
    const ended = (): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.crash = this.output.slice(-3000);
    };
    if (over) ended();
    else child.once('exit', ended);
  }

  /** Ends it: at once and without warning, or as an operator would. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const over = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await over;
  }

  /** Memory of the process in MB; 0 while it is down. */
  rssMb(): number {
    try {
      const status = readFileSync(`/proc/${String(this.#child?.pid)}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
    } catch {
      return 0;
    }
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
