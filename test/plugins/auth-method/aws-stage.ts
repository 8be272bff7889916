// The stage of the tests of the method aws: the doubles, a plugin with stand-ins in its slots, and the search for planted secrets in what it says.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  AgentError,
  describeError,
  type AuthMethod,
  type LoginAttempt,
  type LoginPlan,
} from '../../../core/sdk/index.js';
import { loadPlugin, makeFakes, show, type Fakes } from '../../../core/sdk/testing/index.js';
import { EcsCredentialsDouble } from '../../doubles/ecs-credentials.js';
import { ImdsDouble } from '../../doubles/imds.js';
import { Issuer } from '../../doubles/issuer.js';
import { StsDouble, type Issued } from '../../doubles/sts.js';
import { spellingsOf } from '../../scenario/collector.js';

const MANIFEST = new URL('../../../plugins/auth-method/aws/plugin.json', import.meta.url).href;

/** One stage for one test. */
export class AwsStage {
  readonly fakes: Fakes = makeFakes();
  readonly issuer = new Issuer();
  readonly sts: StsDouble;
  readonly imds: ImdsDouble;
  readonly ecs = new EcsCredentialsDouble();
  readonly #planted: string[] = [];
  #dir = '';

  constructor() {
    const now = (): number => this.fakes.clock.now();
    this.sts = new StsDouble({ now, identityKey: this.issuer.pem });
    this.imds = new ImdsDouble(now);
  }

  /** Everything listens; the environment names the doubles of STS and of the metadata service, whose instance has no role. */
  async open(): Promise<void> {
    this.#dir = await mkdtemp(join(tmpdir(), 'claviger-aws-'));
    await Promise.all([this.sts.open(), this.imds.open(), this.ecs.open()]);
    this.imds.roles = [];
    this.env({ AWS_ENDPOINT_URL_STS: this.sts.url, AWS_EC2_METADATA_SERVICE_ENDPOINT: this.imds.url, HOME: this.#dir });
  }

  async close(): Promise<void> {
    await Promise.all([this.sts.close(), this.imds.close(), this.ecs.close()]);
    await rm(this.#dir, { recursive: true, force: true });
    this.expectClean(this.fakes.log.text());
  }

  env(values: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(values)) this.fakes.env.set(name, value);
  }

  path(name: string): string {
    return join(this.#dir, name);
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(this.path(name), text, { mode: 0o600 });
    return this.path(name);
  }

  plant(...secrets: readonly (string | undefined)[]): void {
    this.#planted.push(...secrets.filter((secret) => secret !== undefined));
  }

  /** Plants what is secret in credentials and returns them. */
  planted(issued: Issued): Issued {
    this.plant(issued.secret, issued.token);
    return issued;
  }

  /** A signed identity token. */
  identityToken(claims: object = {}): string {
    const exp = this.fakes.clock.now() / 1000 + 600;
    const token = this.issuer.sign({ aud: 'sts.amazonaws.com', sub: 'system:serviceaccount:shop:web', exp, ...claims });
    this.plant(token);
    return token;
  }

  /** A file of profiles; `[default]` with these credentials unless a text is given. */
  async credentialsFile({ keyId, secret, token }: Issued): Promise<string> {
    const more = token === undefined ? '' : `aws_session_token = ${token}\n`;
    const text = `[default]\naws_access_key_id = ${keyId}\naws_secret_access_key = ${secret}\n${more}`;
    const path = await this.write('credentials', text);
    this.env({ AWS_SHARED_CREDENTIALS_FILE: path });
    return path;
  }

  async make(settings: object = {}): Promise<AuthMethod> {
    const all = { type: 'iam', role: 'app', region: 'us-east-1', ...settings };
    return (await loadPlugin<AuthMethod>(MANIFEST, { settings: all, fakes: this.fakes })).plugin;
  }

  async plan(settings: object = {}): Promise<LoginPlan> {
    return (await this.make(settings)).prepare(attempt());
  }

  /** The error that the work ends with; no planted secret may be in it. */
  async failure(work: Promise<unknown>): Promise<AgentError> {
    const error: unknown = await work.then(
      () => 'nothing was thrown',
      (reason: unknown) => reason,
    );
    if (!(error instanceof AgentError)) throw new Error(`no AgentError but ${String(error)}`);
    this.expectClean(`${describeError(error)} ${show(error)}`);
    return error;
  }

  /** Fails when a planted secret is in the text, in any spelling. */
  expectClean(text: string): void {
    const leaks = this.#planted.filter((secret) => spellingsOf(secret).some((form) => text.includes(form)));
    expect(leaks, 'planted secrets').to.deep.equal([]);
  }
}

/** An attempt to log in, unless `purpose` is another one. */
export function attempt(more: Partial<LoginAttempt> = {}): LoginAttempt {
  const { signal } = new AbortController();
  return { signal, address: new URL('https://127.0.0.1:8200'), namespace: '', purpose: 'login', ...more };
}

/** The body of a plan. */
export function bodyOf(plan: LoginPlan): Readonly<Record<string, string>> {
  return 'body' in plan ? (plan.body as Record<string, string>) : {};
}

/** The headers of the signed request in a plan. */
export function headersOf(plan: LoginPlan): Readonly<Record<string, string>> {
  const text = Buffer.from(bodyOf(plan)['iam_request_headers'] ?? '', 'base64').toString('utf8');
  const lists = JSON.parse(text) as Record<string, readonly string[]>;
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, values.join(',')]));
}

/** The id of the key that signed. */
export const signerOf = (plan: LoginPlan): string =>
  /Credential=([^/]*)/.exec(headersOf(plan)['Authorization'] ?? '')?.[1] ?? '';

/** Where the signed request goes. */
export const urlOf = (plan: LoginPlan): string =>
  Buffer.from(bodyOf(plan)['iam_request_url'] ?? '', 'base64').toString();

/** The sources of a trail, in order. */
export const trailOf = ({ trail = [] }: LoginPlan): string[] => trail.map(({ source }) => source);
