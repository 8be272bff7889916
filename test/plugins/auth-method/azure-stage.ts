// The stage of azure's tests: the plugin between the doubles of Azure and Entra, with planted secrets that are looked for in errors and logs.
import { mkdtemp, rm } from 'node:fs/promises';
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
import { AzureDouble, identity } from '../../doubles/azure.js';
import { rsaCertificate } from '../../doubles/entra-certificate.js';
import { partsOf, type Claims } from '../../doubles/entra-tokens.js';
import { EntraDouble } from '../../doubles/entra.js';
import { spellingsOf } from '../../scenario/collector.js';

const MANIFEST = new URL('../../../plugins/auth-method/azure/plugin.json', import.meta.url).href;
export const RESOURCE = 'https://vault.example.com';
export const BASE = { role: 'app', resource: RESOURCE };
/** Client id of the application. */
export const CLIENT = 'cccccccc-0000-4000-8000-00000000000a';
/** Settings that name the machine. */
export const NAMED = { subscription_id: 's', resource_group_name: 'g', vm_name: 'v' };
export const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('https://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

/** One stage per file; its content is new for each test. */
export class AzureStage {
  readonly certificate = rsaCertificate('app');
  dir = '';
  fakes = makeFakes();
  entra = new EntraDouble(() => this.fakes.clock.now());
  azure = new AzureDouble(this.entra);
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
  readonly make = async (settings: object = {}): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings: { ...BASE, ...settings }, fakes: this.fakes })).plugin;
  readonly bodyOf = (plan: LoginPlan): Record<string, string> =>
    'body' in plan ? (plan.body as Record<string, string>) : {};
  readonly claimsOf = (plan: LoginPlan): Claims => partsOf(this.bodyOf(plan)['jwt'] ?? '')?.claims ?? {};
  /** Sets variables and gives the setting that makes them count. */
  readonly fromEnvironment = (values: Record<string, string>): object => {
    for (const [name, value] of Object.entries(values)) this.fakes.env.set(name, value);
    return { authenticate_from_environment: true };
  };
  /** Registers the application and gives the variables with its ids. */
  readonly application = (more: object = {}): Record<string, string> => {
    this.entra.applications.set(CLIENT, { objectId: identity('9').objectId, ...more });
    return { AZURE_TENANT_ID: this.entra.tenant, AZURE_CLIENT_ID: CLIENT };
  };

  async open(): Promise<void> {
    this.dir = await mkdtemp(join(tmpdir(), 'claviger-azure-'));
    this.fakes = makeFakes();
    this.entra = new EntraDouble(() => this.fakes.clock.now());
    this.azure = new AzureDouble(this.entra);
    await this.entra.http.open();
    await this.azure.http.open();
    this.planted = [this.azure.header];
    this.fakes.env.set('AZURE_POD_IDENTITY_AUTHORITY_HOST', this.azure.http.url);
    this.fakes.env.set('AZURE_AUTHORITY_HOST', this.entra.http.url);
  }

  async close(): Promise<void> {
    await this.entra.http.close();
    await this.azure.http.close();
    await rm(this.dir, { recursive: true, force: true });
    expect(this.leaksIn(this.fakes.log.text())).to.deep.equal([]);
  }
}

/** A stage that is opened and closed around each test of this block. */
export function azureStage(): AzureStage {
  const stage = new AzureStage();
  beforeEach(() => stage.open());
  afterEach(() => stage.close());
  return stage;
}
