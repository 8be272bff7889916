import { createPrivateKey } from 'node:crypto';
import { expect } from 'chai';
import { htmlPage } from '../../../doubles/azure-http.js';
import { rsaCertificate, type RsaCertificate } from '../../../doubles/entra-certificate.js';
import { issuerKeys, rs256 } from '../../../doubles/entra-tokens.js';
import { GoogleDouble, type Instance } from '../../../doubles/gcp.js';
import { rig, type Answered, type Ask, type Rig } from './rig.js';

const APP = 'app@shop.iam.gserviceaccount.com';
const SERVER = 'server@shop.iam.gserviceaccount.com';

describe('dev-server/auth/gcp (auth-wire 6, server checks)', () => {
  let world: Rig;
  let ask: Ask;
  let google: GoogleDouble;
  let pair: RsaCertificate;
  let keyId: string;
  let vm: Instance;
  before(() => (pair = rsaCertificate('app')));
  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    google = new GoogleDouble(() => world.clock.now());
    await google.http.open();
    google.account(APP);
    google.account(SERVER);
    keyId = google.keyFile(APP, pair)['private_key_id'] ?? '';
    vm = { project: 'shop', zone: 'europe-west1-b', name: 'vm1', id: '77', status: 'RUNNING', labels: { env: 'prod' } };
    google.instances.push(vm);
    await ask('POST', 'sys/auth/gcp', { type: 'gcp' });
    const { url } = google.http;
    await ask('POST', 'auth/gcp/config', {
      credentials: JSON.stringify(google.keyFile(SERVER, pair)),
      custom_endpoint: { api: url, iam: url, compute: url },
    });
    await role({});
  });
  afterEach(() => google.http.close());

  const now = (): number => world.clock.now() / 1000;
  const role = (fields: object, name = 'dev'): Promise<Answered> =>
    ask('POST', `auth/gcp/role/${name}`, {
      type: 'iam',
      bound_service_accounts: [APP],
      token_policies: ['app'],
      ...fields,
    });
  const iam = (more: object = {}, header: object = {}): string => {
    const claims = { aud: 'http://vault/dev', sub: APP, exp: now() + 870, ...more };
    return rs256(claims, createPrivateKey(pair.key), { kid: keyId, ...header });
  };
  const gce = (more: object = {}): string => {
    const compute_engine = { project_id: 'shop', zone: vm.zone, instance_name: 'vm1', instance_id: '77' };
    const claims = {
      aud: 'https://vault:8200/vault/vms',
      sub: google.accounts.get(APP)?.id,
      email: APP,
      exp: now() + 3600,
    };
    return google.sign({ ...claims, google: { compute_engine }, ...more });
  };
  const login = (jwt: string, more: object = {}): Promise<Answered> =>
    ask('POST', 'auth/gcp/login', { role: 'dev', jwt, ...more }, { token: '' });
  const refused = async (work: Promise<Answered>, words: string, code = 400): Promise<void> => {
    const { status, errors } = await work;
    expect(errors.join()).to.contain(words);
    expect(status).to.equal(code);
  };

  it('iam: takes a token that the account signed, or Google for it', async () => {
    const answer = await login(iam());
    expect(answer.auth.policies).to.deep.equal(['app', 'default']);
    expect(answer.auth.metadata).to.include({ role: 'dev', project_id: 'shop', service_account_email: APP });
    expect((await login(google.sign({ aud: 'https://x/vault/dev', sub: APP, exp: now() + 600 }))).status).to.equal(200);
  });

  const forged: readonly [string, () => string, string][] = [
    [
      'signed by somebody else',
      () => rs256({ aud: 'http://vault/dev', sub: APP, exp: now() + 60 }, issuerKeys().privateKey, { kid: keyId }),
      'verify signature',
    ],
    ['with an unknown key', () => iam({}, { kid: 'x' }), 'could not find public key'],
    ['without a key id', () => iam({}, { kid: undefined }), '"kid"'],
    ['of another account', () => iam({ sub: 'nobody' }), 'could not find public key'],
    ['without subject', () => iam({ sub: undefined }), '"sub"'],
    ['without expiry', () => iam({ exp: undefined }), '"exp"'],
    ['that has expired', () => iam({ exp: now() - 61 }), 'expired'],
    ['for too long a time', () => iam({ exp: now() + 3661 }), '60 minutes'],
    [
      'for longer than the role allows (clock skew at exactly 15 minutes)',
      () => iam({ exp: now() + 901 }),
      'within 900 seconds',
    ],
    ['for another role', () => iam({ aud: 'http://vault/other' }), 'audience'],
    ['for another role too', () => iam({ aud: ['http://vault/dev', 'http://vault/other'] }), 'audience'],
    [
      'of another algorithm',
      () => `${Buffer.from('{"alg":"HS256","kid":"x"}').toString('base64url')}.e30.x`,
      'algorithm',
    ],
    ['that is none', () => '<html>', 'error parsing JWT'],
  ];
  for (const [title, jwt, words] of forged) {
    it(`refuses a token ${title}`, () => refused(login(jwt()), words));
  }

  it('takes a token up to a minute after its end', async () => {
    expect((await login(iam({ exp: now() - 59 }))).status).to.equal(200);
  });

  it('refuses any other member of the body with 422', async () => {
    await refused(login(iam(), { service_account: 'x' }), 'service_account', 422);
    await refused(login(''), 'jwt argument is required');
    await refused(login(iam(), { role: '' }), 'role is required');
    await refused(login(iam(), { role: 'other' }), 'role "other" not found');
  });

  it('iam: refuses accounts and projects that are not bound, and accounts that are gone', async () => {
    await role({ bound_service_accounts: ['other'] });
    await refused(login(iam()), 'is not authorized');
    await role({ bound_service_accounts: ['*'], bound_projects: ['other'] });
    await refused(login(iam()), 'bound projects');
    await role({ bound_service_accounts: [google.accounts.get(APP)?.id], bound_projects: ['shop'] });
    expect((await login(iam())).status).to.equal(200);
    await refused(login(google.sign({ aud: 'http://vault/dev', sub: 'gone', exp: now() + 60 })), 'does not exist');
  });

  it('iam: refuses identity tokens of instances when the role says so', async () => {
    const token = (): string => google.sign({ aud: 'http://vault/dev', sub: APP, exp: now() + 60, google: {} });
    expect((await login(token())).status).to.equal(200);
    await role({ allow_gce_inference: false });
    await refused(login(token()), 'identity tokens');
  });

  describe('gce', () => {
    const vms = (fields: object = {}): Promise<Answered> =>
      ask('POST', 'auth/gcp/role/vms', { type: 'gce', token_policies: ['app'], ...fields });
    const enter = (jwt = gce()): Promise<Answered> => login(jwt, { role: 'vms' });

    it('takes an instance that runs', async () => {
      await vms({
        bound_projects: ['shop'],
        bound_zones: [vm.zone],
        bound_labels: ['env:prod'],
        bound_service_accounts: [APP],
      });
      expect((await enter()).auth.metadata).to.include({ instance_name: 'vm1', instance_id: '77', zone: vm.zone });
      await vms({ bound_zones: [], bound_regions: ['europe-west1'], bound_labels: { env: 'prod' } });
      expect((await enter()).status).to.equal(200);
    });

    const bounds: readonly [object, string][] = [
      [{ bound_projects: ['other'] }, 'bound projects'],
      [{ bound_zones: ['us-east1-a'] }, 'bound zone'],
      [{ bound_regions: ['us-east1'] }, 'bound region'],
      [{ bound_labels: ['env:dev'] }, 'bound label'],
      [{ bound_service_accounts: ['other'] }, 'not authorized'],
    ];
    for (const [fields, words] of bounds) {
      it(`refuses what ${Object.keys(fields).join()} does not hold`, async () => {
        await vms(fields);
        await refused(enter(), words);
      });
    }

    it('refuses tokens without the claims of an instance, and instances that are gone or do not run', async () => {
      await vms();
      await refused(enter(gce({ google: undefined })), 'GCE metadata');
      await refused(
        enter(rs256({ aud: 'x/vault/vms', sub: APP, exp: now() + 60 }, createPrivateKey(pair.key), { kid: keyId })),
        'could not find',
      );
      vm.status = 'STOPPED';
      await refused(enter(), 'not running');
      google.instances.length = 0;
      await refused(enter(), 'does not exist');
    });
  });

  it('answers 500 when Google does not help', async () => {
    google.http.trouble(htmlPage(503));
    await refused(login(iam()), 'error calling', 500);
    google.accounts.get(SERVER)?.certificates.clear();
    await refused(login(iam()), 'configured credentials', 500);
  });

  it('shows configuration and roles without the key, and refuses what is wrong', async () => {
    const { data } = await ask('GET', 'auth/gcp/config');
    expect(data).to.include({ client_email: SERVER }).and.not.have.property('private_key');
    expect((await ask('GET', 'auth/gcp/role/dev')).data).to.deep.include({ type: 'iam', max_jwt_exp: 900 });
    await ask('POST', 'auth/gcp/role/vms', { type: 'gce' });
    expect((await ask('GET', 'auth/gcp/role/vms')).data).to.deep.include({ type: 'gce', bound_zones: [] });
    expect((await ask('LIST', 'auth/gcp/role')).data).to.deep.equal({ keys: ['dev', 'vms'] });
    const wrong: readonly [string, object, string][] = [
      ['config', { credentials: '/etc/key.json' }, 'error parsing credentials'],
      [
        'config',
        { credentials: JSON.stringify({ client_email: 'x', private_key: 'x', private_key_id: 'x', token_uri: 'x' }) },
        'error parsing credentials',
      ],
      ['config', { custom_endpoint: { other: 'https://x' } }, 'custom endpoint type'],
      ['config', { custom_endpoint: { api: 'x' } }, 'invalid custom endpoint'],
      ['role/a', {}, 'iam or gce'],
      ['role/a', { type: 'iam' }, 'at least one service account'],
      ['role/dev', { type: 'gce' }, 'cannot be changed'],
      ['role/dev', { max_jwt_exp: '2h' }, '1 hour'],
      ['role/vms', { bound_zones: ['a'], bound_regions: ['b'] }, 'exclude each other'],
    ];
    for (const [path, body, words] of wrong) await refused(ask('POST', `auth/gcp/${path}`, body), words);
    await ask('DELETE', 'auth/gcp/role/vms');
    expect((await ask('GET', 'auth/gcp/role/vms')).status).to.equal(404);
  });

  it('renews while the role exists', async () => {
    await role({ token_ttl: '10m', token_max_ttl: '1h' });
    const { auth } = await login(iam());
    const renew = (): Promise<Answered> => ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token });
    expect((await renew()).auth.lease_duration).to.equal(600);
    await ask('DELETE', 'auth/gcp/role/dev');
    expect((await renew()).status).to.equal(500);
  });
});
