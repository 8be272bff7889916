// What the tests of kerberos share: a KDC double, files in a temporary folder, the plugin on a virtual clock, and the dev server's acceptor.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KerberosAcceptor, type Proven } from '../../../core/dev-server/auth/kerberos-acceptor.js';
import { readServiceKeys } from '../../../core/dev-server/auth/kerberos-keytab.js';
import {
  describeError,
  type AgentError,
  type AuthMethod,
  type LoginAttempt,
  type LoginPlan,
} from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, type Fakes } from '../../../core/sdk/testing/index.js';
import { Kdc } from '../../doubles/kdc.js';
import { makeKey } from '../../doubles/kdc-seal.js';

const MANIFEST = new URL('../../../plugins/auth-method/kerberos/plugin.json', import.meta.url).href;

export const REALM = 'A.TEST';
export const SERVICE = 'HTTP/vault.a.test';

/** A plan with credentials. */
export type Plan = Extract<LoginPlan, { readonly login: string }>;

/** A failed `prepare`: its error and how it reads. */
export interface Failed {
  readonly error: AgentError;
  readonly text: string;
}

/** The stage of one test; `close` it. */
export class KerberosRig {
  readonly fakes: Fakes;
  readonly kdc: Kdc;
  readonly #dir = mkdtempSync(join(tmpdir(), 'claviger-kerberos-'));
  readonly #others: Kdc[] = [];
  readonly #acceptor = new KerberosAcceptor(() => this.fakes.clock.now());

  /** The clock stands at `startMs`. */
  constructor(startMs?: number) {
    this.fakes = makeFakes(startMs);
    this.kdc = new Kdc(REALM, this.fakes.clock);
  }

  /** A KDC that knows `app` and the service, and files that fit. */
  async open(listen?: { readonly tcp?: boolean; readonly udp?: boolean }): Promise<this> {
    this.kdc.add('app', makeKey(18));
    this.kdc.add(SERVICE, makeKey(18));
    await this.kdc.listen(listen);
    this.write('krb5.conf', this.kdc.conf());
    this.write('app.keytab', this.kdc.keytab('app'));
    return this;
  }

  /** Another realm. */
  async realm(name: string, clock = this.fakes.clock): Promise<Kdc> {
    const kdc = new Kdc(name, clock);
    this.#others.push(kdc);
    await kdc.listen();
    return kdc;
  }

  async close(): Promise<void> {
    for (const kdc of [this.kdc, ...this.#others]) await kdc.close();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.#dir, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content, { mode: 0o600 });
    return this.path(name);
  }

  async method(more: object = {}): Promise<AuthMethod> {
    const files = { keytab_path: this.path('app.keytab'), krb5conf_path: this.path('krb5.conf') };
    const settings = { username: 'app', service: SERVICE, realm: REALM, ...files, ...more };
    return (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes: this.fakes })).plugin;
  }

  /** One plan of a new method. */
  async plan(more: object = {}): Promise<Plan> {
    return prepared(await this.method(more));
  }

  /** How a new method fails. */
  async failure(more: object = {}): Promise<Failed> {
    return failed(await this.method(more));
  }

  /** Whom the dev server's acceptor takes the plan's token for; throws when it does not. */
  accept(plan: Plan, keytab = this.kdc.keytab(SERVICE), account = SERVICE): Proven {
    return this.#acceptor.accept(tokenOf(plan), readServiceKeys(keytab), account);
  }
}

export const attempt = (signal: LoginAttempt['signal'] = new AbortController().signal): LoginAttempt => ({
  signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
});

/** A plan that must have credentials. */
export async function prepared(method: AuthMethod): Promise<Plan> {
  const plan = await method.prepare(attempt());
  if ('token' in plan) throw new Error('the plan is a token');
  return plan;
}

/** The error of a `prepare` that must fail. */
export async function failed(method: AuthMethod): Promise<Failed> {
  const error: unknown = await method.prepare(attempt()).then(
    () => new Error('prepare succeeded'),
    (reason: unknown) => reason,
  );
  return { error: error as AgentError, text: describeError(error) };
}

/** Bytes of the SPNEGO token. */
export const tokenOf = ({ headers = [] }: Plan): Buffer =>
  Buffer.from((headers[1] ?? '').replace('Negotiate ', ''), 'base64');
