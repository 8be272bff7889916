// azure end to end: a vault-agent.hcl stanza with the reference's keys, the doubles of Azure, the dev server that verifies, a token in a file sink.
import { expect } from 'chai';
import { noNetworkOfItsOwn, runLinkLocal } from '../../doubles/azure-link-local.js';
import { AzureDouble, identity } from '../../doubles/azure.js';
import { EntraDouble } from '../../doubles/entra.js';
import { plant } from '../collector.js';
import { fileSink, onRig, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

const RESOURCE = 'https://vault.example.com';
const CLIENT = 'cccccccc-0000-4000-8000-00000000000a';

interface Stage {
  readonly rig: Rig;
  readonly entra: EntraDouble;
  readonly azure: AzureDouble;
  /** Environment that leads to the doubles. */
  readonly env: Readonly<Record<string, string>>;
}

async function onStage(scenario: (stage: Stage) => Promise<void>): Promise<void> {
  await onRig({}, async (rig) => {
    const entra = new EntraDouble(() => rig.clock.now());
    const azure = new AzureDouble(entra);
    await entra.http.open();
    await azure.http.open();
    try {
      await furnish(rig, entra, azure);
      const env = { AZURE_POD_IDENTITY_AUTHORITY_HOST: azure.http.url, AZURE_AUTHORITY_HOST: entra.http.url };
      await scenario({ rig, entra, azure, env });
    } finally {
      await entra.http.close();
      await azure.http.close();
    }
  });
}

async function furnish(rig: Rig, entra: EntraDouble, azure: AzureDouble): Promise<void> {
  const secret = plant('the secret of the server', 'server-secret-of-azure');
  entra.applications.set('server', { objectId: 'server', secret });
  await rig.admin('POST', 'sys/auth/azure', { type: 'azure' });
  await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
  await rig.admin('POST', 'auth/azure/config', {
    tenant_id: entra.tenant,
    resource: RESOURCE,
    client_id: 'server',
    client_secret: secret,
    authority_host: entra.http.url,
    resource_manager_endpoint: azure.http.url,
  });
  await rig.admin('POST', 'auth/azure/role/app', {
    bound_service_principal_ids: [identity('1').objectId, identity('9').objectId],
    token_policies: ['app'],
    token_ttl: '10m',
  });
}

const stanza = (rig: Rig, config: string, more = ''): string =>
  `auto_auth {\n  ${more}\n  method "azure" {\n    min_backoff = "1s"\n    mount_path = "auth/azure"\n    config = {\n      role = "app"\n      resource = "${RESOURCE}"\n      ${config}\n    }\n  }\n${fileSink(rig.path('token'))}}\n`;

async function delivered(rig: Rig): Promise<{ readonly path: string; readonly meta: Record<string, string> }> {
  const token = plant('a delivered token', await rig.file('token'));
  return (await rig.admin('POST', 'auth/token/lookup', { token })).data;
}

const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

describe('scenario: auth method azure', function () {
  this.timeout(20_000);

  it('a managed identity of a machine that the role is bound to; trouble of the metadata service passes', () =>
    onStage(async ({ rig, azure, env }) => {
      const { subscriptionId } = azure.machine;
      await rig.admin('POST', 'auth/azure/role/app', {
        bound_subscription_ids: [subscriptionId],
        bound_resource_groups: ['rg-app'],
        bound_locations: ['westeurope'],
      });
      azure.http.trouble({ status: 404, body: { error: 'identity_not_ready' } });
      const agent = await rig.agent(stanza(rig, `client_id = "${identity('1').clientId}"`), { env });
      expect(await delivered(rig)).to.deep.include({ path: 'auth/azure/login' });
      expect((await delivered(rig)).meta).to.include({
        subscription_id: subscriptionId,
        resource_group_name: 'rg-app',
      });
      await hasLogged(agent, /\[ERROR\].*instance metadata.*404/);
    }));

  it('a role that is not there is refused with what to check; once it is made the agent logs in', () =>
    onStage(async ({ rig, env }) => {
      await rig.admin('DELETE', 'auth/azure/role/app');
      const agent = await rig.agent(stanza(rig, ''), { env });
      await hasLogged(agent, /\[ERROR\].*AUTH_REFUSED.*invalid role name.*check that role/);
      await rig.admin('POST', 'auth/azure/role/app', { bound_service_principal_ids: '*', token_policies: ['app'] });
      expect(await delivered(rig)).to.include({ path: 'auth/azure/login' });
    }));

  it('a client secret of the environment, as with the default chain of the vendor', () =>
    onStage(async ({ rig, entra, env }) => {
      const secret = plant('a client secret', 'client-secret-of-the-environment');
      entra.applications.set(CLIENT, { objectId: identity('9').objectId, secret });
      const more = { AZURE_TENANT_ID: entra.tenant, AZURE_CLIENT_ID: CLIENT, AZURE_CLIENT_SECRET: secret };
      await rig.agent(stanza(rig, 'authenticate_from_environment = true'), { env: { ...env, ...more } });
      expect(await delivered(rig)).to.include({ path: 'auth/azure/login' });
    }));

  it('a client secret in a file that is rotated leads to a new login when that is asked for', () =>
    onStage(async ({ rig, entra, env }) => {
      const use = (secret: string): void => {
        entra.applications.set(CLIENT, { objectId: identity('9').objectId, secret });
        rig.write('secret', plant('a client secret', secret));
      };
      use('first-client-secret-4711');
      const file = `tenant_id = "${entra.tenant}"\n      client_id = "${CLIENT}"\n      client_secret_file = "${rig.path('secret')}"`;
      const agent = await rig.agent(stanza(rig, file, 'enable_reauth_on_new_credentials = true'), { env });
      await delivered(rig);
      const first = rig.read('token');
      use('second-client-secret-4711');
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await until('the second token', () => rig.read('token') !== first);
      expect(await delivered(rig)).to.include({ path: 'auth/azure/login' });
    }));

  const why = noNetworkOfItsOwn();
  const title =
    'at the real address of the metadata service, with production defaults and past a proxy of the environment (5.5, auth-wire 11.3)';
  (why === undefined ? it : it.skip)(why === undefined ? title : `${title} is skipped: ${why}`, () => {
    const sources = ['managed identity (instance metadata)', 'names of the machine (instance metadata)'];
    expect(runLinkLocal('azure')).to.deep.equal({ login: 'auth/azure/login', sources });
  });
});
