// A real KDC (MIT Kerberos, Debian packages krb5-kdc and krb5-admin-server) in a folder of its own on a loopback port. Needs no root and touches nothing
// of the machine's own configuration.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../scenario/until.js';

const run = promisify(execFile);
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const find = (name: string): string | undefined =>
  FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path));

/** Why there can be no real KDC on this machine; undefined when there can. */
export function mitKdcMissing(): string | undefined {
  const missing = ['krb5kdc', 'kadmin.local', 'kdb5_util'].filter((name) => find(name) === undefined);
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed (Debian: krb5-kdc, krb5-admin-server)`;
}

/** One KDC; `close` it. */
export class MitKdc {
  readonly realm: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'claviger-mit-kdc-'));
  readonly #env: NodeJS.ProcessEnv;
  #port = 0;
  #process: ChildProcess | undefined;

  constructor(realm: string) {
    this.realm = realm;
    const path = process.env['PATH'];
    this.#env = { PATH: path, KRB5_CONFIG: this.path('krb5.conf'), KRB5_KDC_PROFILE: this.path('kdc.conf') };
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<void> {
    this.#port = await freePort();
    const listen = `127.0.0.1:${String(this.#port)}`;
    writeFileSync(this.path('krb5.conf'), this.conf());
    writeFileSync(
      this.path('kdc.conf'),
      [
        `[kdcdefaults]`,
        ` kdc_listen = ${listen}`,
        ` kdc_tcp_listen = ${listen}`,
        `[realms]`,
        ` ${this.realm} = {`,
        `  database_name = ${this.path('db')}`,
        `  key_stash_file = ${this.path('stash')}`,
        `  acl_file = ${this.path('acl')}`,
        ` }`,
        `[logging]`,
        ` kdc = FILE:${this.path('kdc.log')}`,
        ``,
      ].join('\n'),
    );
    await run(find('kdb5_util')!, ['create', '-s', '-P', 'master-password', '-r', this.realm], { env: this.#env });
    this.#process = spawn(find('krb5kdc')!, ['-n', '-P', this.path('pid')], { env: this.#env, stdio: 'ignore' });
    await until('the KDC', () => this.#process?.exitCode === null && isOpen(this.#port));
  }

  /** A krb5.conf that names this KDC. */
  conf(library = '', way = ''): string {
    return `[libdefaults]\n default_realm = ${this.realm}\n dns_lookup_kdc = false\n${library}\n[realms]\n ${this.realm} = {\n  kdc = ${way}127.0.0.1:${String(this.#port)}\n }\n`;
  }

  /** Adds a principal with a random key of `enctype` that must preauthenticate, and gives a keytab with it. */
  async add(name: string, enctype = 'aes256-cts'): Promise<Buffer> {
    await this.#admin(`addprinc -randkey -e ${enctype}:normal +requires_preauth ${name}`);
    return this.rekey(name, enctype);
  }

  /** Gives a principal a new key, and a keytab with it. */
  async rekey(name: string, enctype = 'aes256-cts'): Promise<Buffer> {
    const file = this.path('out.keytab');
    rmSync(file, { force: true });
    await this.#admin(`ktadd -k ${file} -e ${enctype}:normal ${name}`);
    return readFileSync(file);
  }

  async close(): Promise<void> {
    const child = this.#process;
    if (child !== undefined && child.exitCode === null) {
      const over = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await over;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #admin(query: string): Promise<void> {
    await run(find('kadmin.local')!, ['-r', this.realm, '-q', query], { env: this.#env });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
