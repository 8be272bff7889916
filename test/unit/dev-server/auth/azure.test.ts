import { expect } from 'chai';
import { AzureDouble, identity } from '../../../doubles/azure.js';
import { issuerKeys, rs256 } from '../../../doubles/entra-tokens.js';
import { EntraDouble } from '../../../doubles/entra.js';
import { rig, type Answered, type Ask, type Rig } from './rig.js';

const RESOURCE = 'https://vault';
const PRINCIPAL = identity('1').objectId;

describe('dev-server/auth/azure (auth-wire 5.4)', () => {
  let world: Rig;
  let ask: Ask;
  let entra: EntraDouble;
  let azure: AzureDouble;
  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    entra = new EntraDouble(() => world.clock.now());
    azure = new AzureDouble(entra);
    await entra.http.open();
    await azure.http.open();
    entra.applications.set('server', { objectId: 'server', secret: 'server-secret' });
    await ask('POST', 'sys/auth/azure', { type: 'azure' });
    await ask('POST', 'auth/azure/config', {
      tenant_id: entra.tenant,
      resource: RESOURCE,
      client_id: 'server',
      client_secret: 'server-secret',
      authority_host: entra.http.url,
      resource_manager_endpoint: azure.http.url,
    });
    await role({ bound_service_principal_ids: [PRINCIPAL] });
  });
  afterEach(async () => {
    await entra.http.close();
    await azure.http.close();
  });

  const role = (fields: object): Promise<Answered> =>
    ask('POST', 'auth/azure/role/app', { token_policies: ['app'], ...fields });
  const rid = (): string =>
    `/subscriptions/${azure.machine.subscriptionId}/resourcegroups/rg-app/providers/Microsoft.Compute/virtualMachines/vm1`;
  const token = (more: object = {}): string => entra.issue(RESOURCE, { oid: PRINCIPAL, xms_az_rid: rid(), ...more });
  const login = (jwt: string, more: object = {}): Promise<Answered> =>
    ask('POST', 'auth/azure/login', { role: 'app', jwt, ...more }, { token: '' });
  const machine = (more: object = {}): object => ({
    subscription_id: azure.machine.subscriptionId,
    resource_group_name: 'rg-app',
    vm_name: 'vm1',
    ...more,
  });
  const refused = async (work: Promise<Answered>, words: string): Promise<void> => {
    const { status, errors } = await work;
    expect(status).to.equal(400);
    expect(errors.join()).to.contain(words);
  };

  it('logs a bound principal in, by any case of the role', async () => {
    const answer = await login(token());
    expect(answer.auth.policies).to.deep.equal(['app', 'default']);
    expect(answer.auth.metadata).to.deep.equal({ role: 'app' });
    expect((await login(token(), { role: 'APP' })).status).to.equal(200);
  });

  const forged: readonly [string, () => string, string][] = [
    [
      'signed by somebody else',
      () =>
        rs256(
          { iss: entra.issuer, aud: RESOURCE, oid: PRINCIPAL, iat: now(), exp: now() + 60 },
          issuerKeys().privateKey,
          { kid: 'entra-1' },
        ),
      'signature',
    ],
    ['for another audience', () => entra.issue('https://other', { oid: PRINCIPAL }), 'audience'],
    ['of another tenant', () => token({ iss: 'https://sts/other' }), 'issuer'],
    ['that has expired', () => token({ exp: now() - 120 }), 'expired'],
    [
      'from the future (clock skew)',
      () => token({ nbf: now() + 3600, iat: now() + 3600, exp: now() + 7200 }),
      'not yet valid',
    ],
    ['of another algorithm', () => `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.e30.x`, 'RS256'],
    ['that is none', () => 'nonsense', 'malformed'],
  ];
  const now = (): number => world.clock.now() / 1000;
  for (const [title, jwt, words] of forged) {
    it(`refuses a token ${title}`, () => refused(login(jwt()), words));
  }

  it('refuses a login without role or token, an unknown role, and names of the wrong form', async () => {
    await refused(login(''), 'jwt is required');
    await refused(login(token(), { role: '' }), 'role is required');
    await refused(login(token(), { role: 'other' }), 'invalid role name "other"');
    const forms = {
      subscription_id: 'x',
      resource_group_name: 'ends.',
      vm_name: '1vm',
      vmss_name: '-',
      resource_id: 'x',
    };
    for (const [name, value] of Object.entries(forms))
      await refused(login(token(), { [name]: value }), `invalid ${name}`);
  });

  it('refuses principals and groups that are not bound', async () => {
    await refused(login(token({ oid: 'somebody' })), 'service principal not authorized: somebody');
    await role({ bound_group_ids: ['g1'] });
    await refused(login(token({ groups: ['g2'] })), 'groups not authorized: [g2]');
    expect((await login(token({ groups: ['g2', 'g1'] }))).status).to.equal(200);
    await role({ bound_service_principal_ids: [], bound_group_ids: [], bound_locations: ['westeurope'] });
    await refused(login(token()), 'expected specific');
  });

  it('asks the resource manager, as itself, whether the machine has the identity', async () => {
    await role({
      bound_subscription_ids: [azure.machine.subscriptionId],
      bound_resource_groups: ['RG-APP'],
      bound_locations: ['westeurope'],
    });
    await refused(login(token()), 'subscription_id and resource_group_name are required');
    expect((await login(token(), machine())).auth.metadata).to.include({ resource_group_name: 'rg-app' });
    expect(azure.http.asked).to.have.length(1);
    await refused(
      login(token({ oid: PRINCIPAL, xms_az_rid: rid().replace('vm1', 'vm11') }), machine()),
      'not given to vm1',
    );
    azure.identities = [identity('2')];
    await refused(login(token(), machine()), 'not assigned to this resource');
  });

  const bounds: readonly [object, object, string][] = [
    [{ bound_subscription_ids: ['other'] }, {}, 'subscription not authorized'],
    [{ bound_resource_groups: ['other'] }, {}, 'resource group not authorized'],
    [{ bound_locations: ['eastus'] }, {}, 'location not authorized: westeurope'],
    [{ bound_scale_sets: ['ss'] }, {}, 'scale set not authorized'],
    [{ bound_resource_groups: ['rg-app'] }, { vm_name: '' }, 'vm_name, vmss_name or resource_id is required'],
  ];
  for (const [fields, more, words] of bounds) {
    it(`refuses what ${Object.keys(fields).join()} does not hold: ${words}`, async () => {
      await role(fields);
      await refused(login(token(), machine(more)), words);
    });
  }

  it('takes a machine of a bound scale set', async () => {
    azure.machine = { ...azure.machine, vmScaleSetName: 'ss', name: 'ss_0' };
    await role({ bound_scale_sets: ['ss'] });
    const jwt = token({ xms_az_rid: rid().replace('vm1', 'ss_0') });
    expect((await login(jwt, machine({ vmss_name: 'ss' }))).status).to.equal(200);
    await refused(login(token(), machine({ vmss_name: 'ss' })), 'not given to scale set ss');
  });

  it('answers 500 when a service that it needs does not answer', async () => {
    entra.http.trouble({ status: 503, body: '' });
    expect((await login(token())).status).to.equal(500);
    await role({ bound_locations: ['westeurope'] });
    azure.http.trouble({ status: 503, body: '' });
    expect((await login(token(), machine())).status).to.equal(500);
  });

  it('shows configuration and roles without the secret, and refuses what is incomplete', async () => {
    const { data } = await ask('GET', 'auth/azure/config');
    expect(data).to.include({ tenant_id: entra.tenant, resource: RESOURCE }).and.not.have.property('client_secret');
    expect((await ask('GET', 'auth/azure/role/app')).data).to.deep.include({
      bound_service_principal_ids: [PRINCIPAL],
    });
    expect((await ask('LIST', 'auth/azure/role')).data).to.deep.equal({ keys: ['app'] });
    await refused(ask('POST', 'auth/azure/role/none', {}), 'at least one bound');
    await ask('DELETE', 'auth/azure/config');
    expect((await ask('GET', 'auth/azure/config')).status).to.equal(404);
    await refused(ask('POST', 'auth/azure/config', { resource: 'x' }), 'tenant_id');
    await refused(ask('POST', 'auth/azure/config', { tenant_id: 'x' }), 'resource');
    await refused(ask('POST', 'auth/azure/config', { tenant_id: 'x', resource: 'x', authority_host: 'x' }), 'address');
    expect((await login(token())).status).to.equal(500);
    await ask('DELETE', 'auth/azure/role/app');
    expect((await ask('GET', 'auth/azure/role/app')).status).to.equal(404);
  });

  it('renews while the role exists', async () => {
    await role({ token_ttl: '10m', token_max_ttl: '1h' });
    const { auth } = await login(token());
    const renew = (): Promise<Answered> => ask('POST', 'auth/token/renew-self', {}, { token: auth.client_token });
    expect((await renew()).auth.lease_duration).to.equal(600);
    await ask('DELETE', 'auth/azure/role/app');
    expect((await renew()).status).to.equal(500);
  });
});
