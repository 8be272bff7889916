// The stage of a scenario: a dev server on a free port, a temporary folder, agents in this process or as child processes. Whatever a scenario
// started is stopped and removed when it ends, also when it fails. All output goes to the collector.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent, type Agent } from '../../core/index.js';
import { createDevServer, type DevServer, type DevServerOptions } from '../../core/dev-server/server.js';
import { systemClock } from '../../core/kernel/clock.js';
import { createLogging } from '../../core/telemetry/logger.js';
import type { LogRoot } from '../../core/contracts/logging.js';
import type { Clock, LogFields, Logger } from '../../core/sdk/index.js';
import { show } from '../../core/sdk/testing/log-spy.js';
import { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';
import { ask, type Answer, type Json, type Question } from './client.js';
import { Running, type CommandOptions } from './cli.js';
import { collect, plant } from './collector.js';
import { Tap } from './tap.js';
import { travel, travelUntil, until, within, type Activity } from './until.js';

/** How a rig is made. */
export interface RigOptions {
  /** Time of the server and of agents in this process; default the real one. */
  readonly clock?: Clock;
  readonly tls?: DevServerOptions['tls'];
}

/** Where an agent in this process looks. */
export interface AgentWishes {
  /** Address of the server; default the dev server's. */
  readonly address?: string;
  /** Its environment; default none. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An agent in this process. */
export interface RunningAgent {
  readonly agent: Agent;
  /** Address of the first listener. */
  readonly url: string;
  /** Log lines as people would read them, all levels. */
  readonly lines: readonly string[];
  ask(path: string, question?: Question): Promise<Answer>;
  stop(): Promise<void>;
}

/** Credentials of an AppRole in files, ready to be used. */
export interface AppRole {
  readonly roleIdFile: string;
  readonly secretIdFile: string;
  /** The `method` block that logs in with them. */
  readonly method: string;
}

/** Settings of a role; `policies` are rules in HCL. */
export interface RoleSettings {
  readonly policy?: string;
  readonly [parameter: string]: unknown;
}

/** A rule that allows everything below `secret/`, `kv/`, `aws/` and `database/`, and what agents need. */
export const OPEN_POLICY = [
  ...['secret/*', 'kv/*', 'aws/*', 'database/*', 'auth/token/create', 'sys/leases/*', 'sys/wrapping/*'].map(
    (path) => `path "${path}" { capabilities = ["create", "read", "update", "delete", "list"] }`,
  ),
].join('\n');

/** A listener on a free port. */
export const LISTENER = 'listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_disable = true\n}\n';

/** A listener whose clients need no token, with a cache. */
export const SERVE = `api_proxy {\n  use_auto_auth_token = true\n}\ncache {\n}\n${LISTENER}`;

/** A file sink. */
export const fileSink = (path: string, more = ''): string =>
  `sink "file" {\n  ${more}\n  config = {\n    path = "${path}"\n  }\n}\n`;

/** The stage itself. */
export class Rig implements Activity {
  readonly folder = mkdtempSync(join(tmpdir(), 'claviger-scenario-'));
  readonly clock: Clock;
  readonly rootToken = plant(
    'the root token',
    `root.${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`,
  );
  readonly server: DevServer;
  #url = '';
  readonly #closing: (() => Promise<unknown>)[] = [];
  #lines = 0;

  constructor(options: RigOptions) {
    this.clock = options.clock ?? systemClock();
    const { tls } = options;
    const log = withBareFields(undefined, 'the dev server');
    this.server = createDevServer({ rootToken: this.rootToken, clock: this.clock, log, ...(tls && { tls }) });
  }

  /** Address of the dev server. */
  get url(): string {
    return this.#url;
  }

  async open(): Promise<void> {
    this.#url = (await this.server.listen('127.0.0.1', 0)).url;
    this.#closing.push(() => this.server.close());
    await this.admin('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } });
  }

  /** Stops and removes everything. */
  async close(): Promise<void> {
    for (const token of this.server.world.tokens.all())
      if (token.id.length >= 8) plant('a token of the server', token.id);
    try {
      for (const close of this.#closing.reverse()) await within('cleaning up', close());
    } finally {
      // a write that was cut off takes its temporary file away a moment after the agent has stopped
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    }
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file that only its owner may read; returns its path. */
  write(name: string, text: string, mode = 0o600): string {
    writeFileSync(this.path(name), text, { mode });
    return this.path(name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** The text of a file once it is there. */
  async file(name: string): Promise<string> {
    return until(`the file ${name}`, () => {
      try {
        return this.read(name);
      } catch {
        return undefined;
      }
    });
  }

  /** A request to the server as root, past the network and uncounted. Throws when it fails. */
  async admin(method: string, path: string, body?: unknown): Promise<Json> {
    const answer = await this.server.call(method, path, { body });
    if (answer.status >= 400)
      throw new Error(`${method} ${path}: ${String(answer.status)} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Engines with leases: `aws/creds/app` and `database/creds/app`, of the given length. */
  async engines(lease: string, leaseMax: string): Promise<void> {
    await this.admin('POST', 'sys/mounts/aws', { type: 'aws' });
    await this.admin('POST', 'aws/config/root', { access_key: 'AKIADEV', secret_key: 'dev', region: 'us-east-1' });
    await this.admin('POST', 'aws/config/lease', { lease, lease_max: leaseMax });
    await this.admin('POST', 'aws/roles/app', { credential_type: 'iam_user', policy_document: '{}' });
    await this.admin('POST', 'sys/mounts/database', { type: 'database' });
    const login = { username: 'dev', password: 'dev', allowed_roles: ['*'] };
    const url = 'postgresql://{{username}}:{{password}}@127.0.0.1:5432/postgres';
    await this.admin('POST', 'database/config/db', {
      ...login,
      plugin_name: 'postgresql-database-plugin',
      connection_url: url,
    });
    const statements = ['CREATE ROLE "{{name}}";'];
    await this.admin('POST', 'database/roles/app', {
      db_name: 'db',
      creation_statements: statements,
      default_ttl: lease,
      max_ttl: leaseMax,
    });
  }

  /** An AppRole with credentials on disk. */
  async approle(name: string, settings: RoleSettings = {}): Promise<AppRole> {
    const { policy = OPEN_POLICY, ...parameters } = settings;
    await this.server.call('POST', 'sys/auth/approle', { body: { type: 'approle' } });
    await this.admin('POST', `sys/policies/acl/${name}`, { policy });
    const role = { token_policies: [name], token_ttl: '10m', token_max_ttl: '1h', ...parameters };
    await this.admin('POST', `auth/approle/role/${name}`, role);
    const { role_id } = (await this.admin('GET', `auth/approle/role/${name}/role-id`)).data;
    const { secret_id } = (await this.admin('POST', `auth/approle/role/${name}/secret-id`, {})).data;
    const roleIdFile = this.write(`${name}.role-id`, role_id);
    const secretIdFile = this.write(`${name}.secret-id`, plant('a secret id', secret_id));
    const method = `method "approle" {\n  min_backoff = "1s"\n  config = {\n    role_id_file_path = "${roleIdFile}"\n    secret_id_file_path = "${secretIdFile}"\n    remove_secret_id_file_after_reading = false\n  }\n}\n`;
    return { roleIdFile, secretIdFile, method };
  }

  /** A configuration file; a `vault` block without retries is added unless the text has one. */
  config(hcl: string, name = 'agent.hcl', address = this.url): string {
    const vault = /^vault /m.test(hcl)
      ? ''
      : `vault {\n  address = "${address}"\n  retry {\n    num_retries = -1\n  }\n}\n`;
    return this.write(name, `${vault}${hcl}`);
  }

  /** A wire between the agent and the server that can be cut. */
  async tap(): Promise<Tap> {
    const tap = new Tap(this.url);
    await tap.open();
    this.#closing.push(() => tap.close());
    return tap;
  }

  /** Starts an agent in this process. */
  async agent(hcl: string, options: AgentWishes = {}): Promise<RunningAgent> {
    const lines: string[] = [];
    const agent = await createAgent({
      config: [this.config(hcl, 'agent.hcl', options.address)],
      clock: this.clock,
      log: this.#log(lines),
      ...(options.env && { env: options.env }),
    });
    let over: Promise<readonly unknown[]> | undefined;
    const stop = async (): Promise<void> => {
      over ??= agent.stop();
      const troubles = await within('the stop of an agent', over);
      if (troubles.length > 0) throw new Error(`the agent did not stop cleanly: ${show(troubles)}`);
    };
    this.#closing.push(stop);
    await within('the start of an agent', agent.start());
    const [url = ''] = agent.urls;
    return { agent, url, lines, stop, ask: (path, question) => ask(url, path, question) };
  }

  /** Runs the `claviger` command as a child process in the folder of the rig. */
  command(args: readonly string[], options: Partial<CommandOptions> = {}): Running {
    const running = new Running(args, { cwd: this.folder, ...options });
    this.#closing.push(() => running.kill());
    return running;
  }

  /** Lets virtual time pass; only with a `VirtualClock`. */
  pass(ms: number): Promise<void> {
    return travel(this.#virtual, ms, this);
  }

  /** The result of `work`, which may wait for something: virtual time passes meanwhile. Only with a `VirtualClock`. */
  passUntil<T>(work: Promise<T>, boundMs = 60_000): Promise<T> {
    return travelUntil(this.#virtual, work, this, boundMs);
  }

  get #virtual(): VirtualClock {
    if (this.clock instanceof VirtualClock) return this.clock;
    throw new Error('this rig runs on real time');
  }

  mark(): string | undefined {
    const { all } = this.server.requests;
    return all.every(({ status }) => status !== undefined) ? `${String(all.length)}/${String(this.#lines)}` : undefined;
  }

  // Every line as it would be printed at the lowest level, and also the bare fields, so that the last net of the logger hides no mistake.
  #log(lines: string[]): LogRoot {
    const write = (line: string): void => {
      this.#lines += 1;
      lines.push(line);
      collect('a log line', line);
    };
    const real = createLogging({
      level: 'trace',
      format: 'standard',
      targets: [{ write }],
      now: () => this.clock.now(),
    });
    return { named: (name) => withBareFields(real.named(name), name) };
  }
}

function withBareFields(logger: Logger | undefined, name: string): Logger {
  const both =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (fields: LogFields, message: string): void => {
      collect(`bare log fields of ${name}`, `${show(fields)} ${message}`);
      logger?.[level](fields, message);
    };
  return { trace: both('trace'), debug: both('debug'), info: both('info'), warn: both('warn'), error: both('error') };
}

/** Runs one scenario on a rig of its own. */
export async function onRig<T>(options: RigOptions, scenario: (rig: Rig) => Promise<T>): Promise<T> {
  const rig = new Rig(options);
  try {
    await rig.open();
    return await scenario(rig);
  } finally {
    await rig.close();
  }
}
