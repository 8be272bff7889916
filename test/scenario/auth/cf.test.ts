// cf end to end: a stanza with the reference's keys, the dev server that verifies, a Cloud Foundry API, a token in a file sink.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { CfApi } from '../../doubles/cf-api.js';
import { CF_IDS, cfRoot, makeInstance, type CfInstance } from '../../doubles/cf-instance.js';
import { plant } from '../collector.js';
import { fileSink, onRig, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

describe('scenario: auth method cf', function () {
  this.timeout(20_000);
  let api: CfApi;
  beforeEach(async () => {
    const { app, space, org } = CF_IDS;
    api = new CfApi({
      app: { guid: app, space, instances: 1 },
      space: { guid: space, organization: org },
      organization: { guid: org },
    });
    await api.open();
  });
  afterEach(() => api.close());

  const put = (rig: Rig, { certText, keyText }: CfInstance): Record<string, string> => {
    for (const line of keyText.split('\n').filter((text) => text.length > 40)) plant('a line of an instance key', line);
    return {
      CF_INSTANCE_CERT: rig.write('instance.crt', certText),
      CF_INSTANCE_KEY: rig.write('instance.key', keyText),
    };
  };
  const prepare = async (rig: Rig, mount = 'cf'): Promise<void> => {
    await rig.admin('POST', `sys/auth/${mount}`, { type: 'cf' });
    await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
    await rig.admin('POST', `auth/${mount}/config`, {
      identity_ca_certificates: [cfRoot().cert],
      cf_api_addr: api.url,
      cf_username: api.login.username,
      cf_password: plant('the password of the API', api.login.password),
    });
  };
  const allow = (rig: Rig, mount = 'cf'): Promise<unknown> =>
    rig.admin('POST', `auth/${mount}/roles/web`, { bound_application_ids: CF_IDS.app, token_policies: ['app'] });
  const stanza = (rig: Rig, type = 'cf', more = ''): string =>
    `auto_auth {\n  ${more}\n  method "${type}" {\n    min_backoff = "1s"\n    config = {\n      role = "web"\n    }\n  }\n${fileSink(rig.path('token'))}}\n`;
  const delivered = async (rig: Rig): Promise<{ path: string; display_name: string }> =>
    (await rig.admin('POST', 'auth/token/lookup', { token: plant('a delivered token', await rig.file('token')) })).data;

  it('logs in with the files that Cloud Foundry names, and again when it replaces them', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await allow(rig);
      const env = put(rig, makeInstance());
      const agent = await rig.agent(stanza(rig, 'cf', 'enable_reauth_on_new_credentials = true'), { env });
      expect(await delivered(rig)).to.include({ path: 'auth/cf/login', display_name: 'cf-instance-1' });
      put(rig, makeInstance({ name: 'instance-2' }));
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await until('the second token', async () => (await delivered(rig)).display_name === 'cf-instance-2');
      expect(rig.server.requests.count('PUT', 'auth/cf/login')).to.equal(2);
    }));

  it('survives a refused login: it says why, and the next attempt works', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const agent = await rig.agent(stanza(rig), { env: put(rig, makeInstance()) });
      await hasLogged(
        agent,
        /\[ERROR\].*error authenticating.*no matching role.*there is no role .?"web.?" at auth\/cf/,
      );
      expect(existsSync(rig.path('token'))).to.equal(false);
      await allow(rig);
      expect(await delivered(rig)).to.include({ display_name: 'cf-instance-1' });
    }));

  it('the old name pcf is the same method and logs in at auth/pcf (auth-wire 1.1)', () =>
    onRig({}, async (rig) => {
      await prepare(rig, 'pcf');
      await allow(rig, 'pcf');
      await rig.agent(stanza(rig, 'pcf'), { env: put(rig, makeInstance()) });
      expect(await delivered(rig)).to.include({ path: 'auth/pcf/login', display_name: 'pcf-instance-1' });
    }));
});
