// The stage of gcp's tests: the plugin between the doubles of Google, with planted secrets that are looked for in errors and logs.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
import { loadPlugin, makeFakes, show } from '../../../core/sdk/testing/index.js';
import { rsaCertificate } from '../../doubles/entra-certificate.js';
import { partsOf, type Claims, type Parts } from '../../doubles/entra-tokens.js';
import { MetadataDouble } from '../../doubles/gcp-metadata.js';
import { GoogleDouble } from '../../doubles/gcp.js';
import { spellingsOf } from '../../scenario/collector.js';

const MANIFEST = new URL('../../../plugins/auth-method/gcp/plugin.json', import.meta.url).href;
export const APP = 'app@shop.iam.gserviceaccount.com';
export const OTHER = 'other@shop.iam.gserviceaccount.com';
/** Account of the machine. */
export const MACHINE = 'machine@shop.iam.gserviceaccount.com';
export const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('https://vault:8200'),
  namespace: '',
  purpose: 'login',
};
const VM = { project: 'shop', zone: 'europe-west1-b', name: 'vm1', id: '77', status: 'RUNNING', labels: {} };

/** One stage per file; its content is new for each test. */
export class GcpStage {
  readonly pair = rsaCertificate('app');
  dir = '';
  fakes = makeFakes();
  google = new GoogleDouble(() => this.nowS() * 1000);
  metadata = new MetadataDouble(this.google, VM, [MACHINE, OTHER], () => this.nowS() * 1000);
  planted: string[] = [];

  readonly leaksIn = (text: string): string[] =>
    this.planted.filter((secret) => spellingsOf(secret).some((spelling) => text.includes(spelling)));
  /** Remembers a text that must not show in errors or logs; gives it back. */
  readonly plant = (secret: string): string => (this.planted.push(secret), secret);
  readonly prepare = async (settings?: object): Promise<LoginPlan> => (await this.make(settings)).prepare(LOGIN);
  /** The error of the work, after looking for planted texts in it. */
  readonly thrown = async (work: Promise<unknown>): Promise<AgentError> => {
    const error: unknown = await work.then(
      () => 'nothing was thrown',
      (reason: unknown) => reason,
    );
    if (!(error instanceof AgentError)) throw new Error(`no AgentError but ${String(error)}`);
    expect(this.leaksIn(`${describeError(error)} ${show(error)}`), 'planted secrets in an error').to.deep.equal([]);
    return error;
  };
  readonly failure = (settings?: object): Promise<AgentError> => this.thrown(this.prepare(settings));
  readonly make = async (settings: object = {}): Promise<AuthMethod> => {
    const usual = { type: 'iam', role: 'dev', service_account: 'default', local_signing: 'auto' };
    const given = { ...usual, iam_credentials_endpoint: this.google.http.url, ...settings };
    return (await loadPlugin<AuthMethod>(MANIFEST, { settings: given, fakes: this.fakes })).plugin;
  };
  readonly tokenOf = (plan: LoginPlan): Parts => {
    const parts = 'body' in plan ? partsOf((plan.body as { jwt: string }).jwt) : undefined;
    if (parts === undefined) throw new Error('there is no token in the plan');
    return parts;
  };
  readonly claimsOf = (plan: LoginPlan): Claims => this.tokenOf(plan).claims;
  /** The content of a new key file. */
  readonly key = (email = APP, more: object = {}): string =>
    JSON.stringify({ ...this.google.keyFile(email, this.pair), ...more });
  readonly write = async (name: string, text: string): Promise<string> => {
    const path = join(this.dir, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  readonly nowS = (): number => this.fakes.clock.now() / 1000;
  readonly sourcesOf = (plan: LoginPlan): string[] => (plan.trail ?? []).map(({ source }) => source);

  async open(): Promise<void> {
    this.dir = await mkdtemp(join(tmpdir(), 'claviger-gcp-'));
    this.fakes = makeFakes();
    const now = (): number => this.fakes.clock.now();
    this.google = new GoogleDouble(now);
    for (const email of [APP, OTHER, MACHINE]) this.google.account(email);
    this.metadata = new MetadataDouble(this.google, { ...VM }, [MACHINE, OTHER], now);
    await this.google.http.open();
    await this.metadata.http.open();
    this.planted = [this.pair.key.split('\n')[3] ?? ''];
    this.fakes.env.set('GCE_METADATA_HOST', this.metadata.http.host);
    this.fakes.env.set('HOME', this.dir);
  }

  async close(): Promise<void> {
    await this.google.http.close();
    await this.metadata.http.close();
    await rm(this.dir, { recursive: true, force: true });
    expect(this.leaksIn(this.fakes.log.text())).to.deep.equal([]);
  }
}

/** A stage that is opened and closed around each test of this block. */
export function gcpStage(): GcpStage {
  const stage = new GcpStage();
  beforeEach(() => stage.open());
  afterEach(() => stage.close());
  return stage;
}
