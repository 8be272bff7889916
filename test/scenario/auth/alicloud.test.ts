// alicloud end to end: a stanza with the reference's keys, the doubles of Alibaba Cloud, the dev server that asks them, a token in a file sink.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { AliCloudMetadata } from '../../doubles/alicloud-metadata.js';
import { AliCloudSts } from '../../doubles/alicloud-sts.js';
import { systemClock } from '../../../core/kernel/clock.js';
import { plant } from '../collector.js';
import { fileSink, onRig, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

const ROLE = 'acs:ram::1234567890:role/app-role';

const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

describe('scenario: auth method alicloud', function () {
  this.timeout(20_000);
  let sts: AliCloudSts;
  let metadata: AliCloudMetadata;
  beforeEach(async () => {
    sts = new AliCloudSts(systemClock());
    metadata = new AliCloudMetadata(session());
    await Promise.all([sts.open(), metadata.open()]);
  });
  afterEach(() => Promise.all([sts.close(), metadata.close()]));

  const session = (role = ROLE): ReturnType<AliCloudSts['session']> => {
    const issued = sts.session(role);
    plant('an AliCloud secret', issued.secret);
    plant('an AliCloud token', issued.token);
    return issued;
  };
  const prepare = async (rig: Rig): Promise<void> => {
    await rig.admin('POST', 'sys/auth/alicloud', { type: 'alicloud' });
    await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
    await rig.admin('POST', 'auth/alicloud/config', { sts_endpoint: sts.url });
    await rig.admin('POST', 'auth/alicloud/role/app', { arn: ROLE, token_policies: ['app'] });
  };
  const stanza = (rig: Rig, config: string, more = ''): string =>
    `auto_auth {\n  ${more}\n  method "alicloud" {\n    mount_path = "auth/alicloud"\n    min_backoff = "1s"\n    config = {\n      role = "app"\n      region = "eu-central-1"\n      ${config}\n    }\n  }\n${fileSink(rig.path('token'))}}\n`;
  const delivered = async (rig: Rig): Promise<{ path: string; meta: Record<string, string> }> =>
    (await rig.admin('POST', 'auth/token/lookup', { token: plant('a delivered token', await rig.file('token')) })).data;

  it('logs in with the role of the instance, and again when the instance has new credentials', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const config = `credential_poll_interval = 1\n      metadata_endpoint = "${metadata.url}"`;
      const agent = await rig.agent(stanza(rig, config, 'enable_reauth_on_new_credentials = true'));
      expect(await delivered(rig)).to.include({
        path: 'auth/alicloud/login',
        display_name: 'alicloud-app-role:session',
      });
      const first = rig.read('token');
      metadata.credentials = session();
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await until('the second token', () => rig.read('token') !== first);
      expect((await delivered(rig)).meta).to.include({ arn: 'acs:ram::1234567890:assumed-role/app-role/session' });
    }));

  it('assumes a role with an access key from the configuration (role_arn, role_session_name)', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      sts.callers.set('LTAIuser', {
        secret: plant('a secret', 'the-user-secret+/='),
        arn: 'acs:ram::1234567890:user/anna',
      });
      sts.roles.add(ROLE);
      const keys = `access_key = "LTAIuser"\n      access_secret = "the-user-secret+/="`;
      const role = `role_arn = "${ROLE}"\n      role_session_name = "web"\n      sts_endpoint = "${sts.url}"`;
      await rig.agent(stanza(rig, `${keys}\n      ${role}`));
      expect(await delivered(rig)).to.include({ path: 'auth/alicloud/login' });
      expect(sts.actions).to.deep.equal(['AssumeRole', 'GetCallerIdentity']);
    }));

  it('survives a refused login, without a credential in what the server repeats, and logs in when the role fits', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const right = metadata.credentials;
      metadata.credentials = { ...right, secret: plant('a wrong secret', 'wrong-secret-4711') };
      const agent = await rig.agent(stanza(rig, `metadata_endpoint = "${metadata.url}"`));
      await hasLogged(
        agent,
        /\[ERROR\].*error authenticating.*SignatureDoesNotMatch.*the access key is wrong or has expired/,
      );
      expect(existsSync(rig.path('token'))).to.equal(false);
      metadata.credentials = right;
      expect(await delivered(rig)).to.include({ path: 'auth/alicloud/login' });
      expect(agent.lines.join('')).to.not.contain(right.token.slice(0, 16));
    }));
});
