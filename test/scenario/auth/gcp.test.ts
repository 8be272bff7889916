// gcp end to end: a vault-agent.hcl stanza with the reference's keys, the doubles of Google, the dev server that verifies, a token in a file sink.
import { expect } from 'chai';
import { noNetworkOfItsOwn, runLinkLocal } from '../../doubles/azure-link-local.js';
import { rsaCertificate, type RsaCertificate } from '../../doubles/entra-certificate.js';
import { issuerKeys, rs256 } from '../../doubles/entra-tokens.js';
import { MetadataDouble } from '../../doubles/gcp-metadata.js';
import { GoogleDouble, type Instance } from '../../doubles/gcp.js';
import { plant } from '../collector.js';
import { fileSink, onRig, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

const APP = 'app@shop.iam.gserviceaccount.com';
const MACHINE = 'machine@shop.iam.gserviceaccount.com';
const SERVER = 'server@shop.iam.gserviceaccount.com';
const VM: Instance = { project: 'shop', zone: 'europe-west1-b', name: 'vm1', id: '77', status: 'RUNNING', labels: {} };

interface Stage {
  readonly rig: Rig;
  readonly google: GoogleDouble;
  readonly metadata: MetadataDouble;
  /** Environment that leads to the doubles. */
  readonly env: Readonly<Record<string, string>>;
}

async function onStage(pair: RsaCertificate, scenario: (stage: Stage) => Promise<void>): Promise<void> {
  await onRig({}, async (rig) => {
    const now = (): number => rig.clock.now();
    const google = new GoogleDouble(now);
    const metadata = new MetadataDouble(google, VM, [MACHINE], now);
    await google.http.open();
    await metadata.http.open();
    try {
      await furnish(rig, google, pair);
      await scenario({ rig, google, metadata, env: { GCE_METADATA_HOST: metadata.http.host, HOME: rig.folder } });
    } finally {
      await google.http.close();
      await metadata.http.close();
    }
  });
}

async function furnish(rig: Rig, google: GoogleDouble, pair: RsaCertificate): Promise<void> {
  const { url } = google.http;
  for (const email of [APP, MACHINE, SERVER]) google.account(email);
  google.instances.push({ ...VM });
  await rig.admin('POST', 'sys/auth/gcp', { type: 'gcp' });
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
  await rig.admin('POST', 'auth/gcp/config', {
    credentials: JSON.stringify(google.keyFile(SERVER, pair)),
    custom_endpoint: { api: url, iam: url, compute: url },
  });
  const common = { token_policies: ['app'], token_ttl: '10m' };
  await rig.admin('POST', 'auth/gcp/role/app', { ...common, type: 'iam', bound_service_accounts: [APP, MACHINE] });
  await rig.admin('POST', 'auth/gcp/role/vms', { ...common, type: 'gce', bound_zones: [VM.zone] });
}

const stanza = (rig: Rig, config: string, more = ''): string =>
  `auto_auth {\n  ${more}\n  method "gcp" {\n    min_backoff = "1s"\n    mount_path = "auth/gcp"\n    config = {\n      ${config}\n    }\n  }\n${fileSink(rig.path('token'))}}\n`;

async function delivered(rig: Rig): Promise<{ readonly path: string; readonly meta: Record<string, string> }> {
  const token = plant('a delivered token', await rig.file('token'));
  return (await rig.admin('POST', 'auth/token/lookup', { token })).data;
}

const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

describe('scenario: auth method gcp', function () {
  this.timeout(20_000);
  let pair: RsaCertificate;
  before(() => {
    pair = rsaCertificate('app');
    plant('a line of a private key', pair.key.split('\n')[3] ?? '');
  });

  it('gce: an instance proves itself; trouble of the metadata server passes', () =>
    onStage(pair, async ({ rig, metadata, env }) => {
      metadata.http.trouble({ status: 503, body: 'starting' });
      const agent = await rig.agent(stanza(rig, 'type = "gce"\n      role = "vms"'), { env });
      expect((await delivered(rig)).meta).to.include({ role: 'vms', instance_name: 'vm1', instance_id: '77' });
      await hasLogged(agent, /\[ERROR\].*service-accounts\/default\/identity.*503: starting/);
    }));

  it('gce: a role of another zone is refused with what to check; once it is mended the agent logs in', () =>
    onStage(pair, async ({ rig, env }) => {
      await rig.admin('POST', 'auth/gcp/role/vms', { bound_zones: ['us-east1-a'] });
      const agent = await rig.agent(stanza(rig, 'type = "gce"\n      role = "vms"'), { env });
      await hasLogged(agent, /\[ERROR\].*AUTH_REFUSED.*bound zone.*check that role/);
      await rig.admin('POST', 'auth/gcp/role/vms', { bound_zones: [VM.zone] });
      expect(await delivered(rig)).to.include({ path: 'auth/gcp/login' });
    }));

  it('iam: a key in the environment, signed here', () =>
    onStage(pair, async ({ rig, google, env }) => {
      const text = JSON.stringify(google.keyFile(APP, pair));
      await rig.agent(stanza(rig, 'type = "iam"\n      role = "app"'), { env: { ...env, GOOGLE_CREDENTIALS: text } });
      expect((await delivered(rig)).meta).to.include({ service_account_email: APP });
      expect(google.http.asked.filter(({ body }) => body.includes('payload'))).to.deep.equal([]);
    }));

  it('iam: the account of the machine, signed by Google, with all keys of the reference', () =>
    onStage(pair, async ({ rig, google, env }) => {
      const config = `type = "iam"\n      role = "app"\n      service_account = "${MACHINE}"\n      project = "shop"\n      jwt_exp = "14"\n      iam_credentials_endpoint = "${google.http.url}"`;
      await rig.agent(stanza(rig, config), { env });
      expect((await delivered(rig)).meta).to.include({ service_account_email: MACHINE });
    }));

  it('iam: a federated token of another provider, used in the name of an account', () =>
    onStage(pair, async ({ rig, google, env }) => {
      const issuer = issuerKeys();
      google.providers.set('//iam/pool', issuer.publicKey);
      google.accounts.get(APP)?.trusted.add('principal://web');
      const exp = Math.floor(rig.clock.now() / 1000) + 600;
      rig.write('subject', plant('a federated token', rs256({ sub: 'web', exp }, issuer.privateKey)));
      const account = {
        type: 'external_account',
        audience: '//iam/pool',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${google.http.url}/v1/token`,
        credential_source: { file: rig.path('subject') },
        service_account_impersonation_url: `${google.http.url}/v1/projects/-/serviceAccounts/${APP}:generateAccessToken`,
      };
      const file = rig.write('adc.json', JSON.stringify(account));
      const config = `type = "iam"\n      role = "app"\n      iam_credentials_endpoint = "${google.http.url}"`;
      await rig.agent(stanza(rig, config), { env: { ...env, GOOGLE_APPLICATION_CREDENTIALS: file } });
      expect((await delivered(rig)).meta).to.include({ service_account_email: APP });
    }));

  it('iam: a key file that is rotated leads to a new login when that is asked for; the old key is refused', () =>
    onStage(pair, async ({ rig, google, env }) => {
      const use = (): string => rig.write('key.json', JSON.stringify(google.keyFile(APP, pair)));
      const config = `type = "iam"\n      role = "app"\n      credentials_file = "${use()}"`;
      const agent = await rig.agent(stanza(rig, config, 'enable_reauth_on_new_credentials = true'), { env });
      await delivered(rig);
      const first = rig.read('token');
      google.accounts.get(APP)?.certificates.clear();
      use();
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await until('the second token', () => rig.read('token') !== first);
      expect(await delivered(rig)).to.include({ path: 'auth/gcp/login' });
    }));

  const why = noNetworkOfItsOwn();
  const title =
    'at the real address of the metadata service, with production defaults and past a proxy of the environment (5.5, auth-wire 11.3)';
  (why === undefined ? it : it.skip)(why === undefined ? title : `${title} is skipped: ${why}`, () => {
    const sources = ['metadata server'];
    expect(runLinkLocal('gcp')).to.deep.equal({ login: 'auth/gcp/login', sources });
  });
});
