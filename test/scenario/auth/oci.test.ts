// oci end to end: a stanza with the reference's keys, the doubles of Oracle Cloud, the dev server that asks them, a token in a file sink.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { systemClock } from '../../../core/kernel/clock.js';
import { OciIdentity } from '../../doubles/oci-identity.js';
import { OCI_TENANCY, OciMetadata, ociInstance, ociRoot } from '../../doubles/oci-metadata.js';
import { plant } from '../collector.js';
import { fileSink, onRig, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

const GROUP = 'ocid1.group.oc1..g';

const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

describe('scenario: auth method oci', function () {
  this.timeout(30_000);
  let identity: OciIdentity;
  let metadata: OciMetadata;
  beforeEach(async () => {
    identity = new OciIdentity(systemClock());
    metadata = new OciMetadata();
    await Promise.all([identity.open(), metadata.open()]);
  });
  afterEach(() => Promise.all([identity.close(), metadata.close()]));

  const prepare = async (rig: Rig): Promise<void> => {
    await rig.admin('POST', 'sys/auth/oci', { type: 'oci' });
    await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
    await rig.admin('POST', 'auth/oci/config', { home_tenancy_id: OCI_TENANCY, identity_endpoint: identity.url });
    await rig.admin('POST', 'auth/oci/role/app', { ocid_list: GROUP, token_policies: ['app'] });
  };
  const stanza = (rig: Rig, type: string, more = ''): string =>
    `auto_auth {\n  ${more}\n  method "oci" {\n    mount_path = "auth/oci"\n    min_backoff = "1s"\n    config = {\n      type = "${type}"\n      role = "App"\n      credential_poll_interval = "1s"\n    }\n  }\n${fileSink(rig.path('token'))}}\n`;
  const delivered = async (rig: Rig): Promise<object> =>
    (await rig.admin('POST', 'auth/token/lookup', { token: plant('a delivered token', await rig.file('token')) })).data;
  const plantLines = (pem: string): string => {
    for (const line of pem.split('\n').filter((text) => text.length > 40)) plant('a line of a key', line);
    return pem;
  };

  /** Writes `~/.oci/config` with a new key of the user, whom the cloud knows. */
  const apiKey = (rig: Rig, user: string, groups = [GROUP]): void => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    mkdirSync(rig.path('.oci'), { recursive: true });
    const file = rig.write(`${user}.pem`, plantLines(privateKey.export({ format: 'pem', type: 'pkcs1' }).toString()));
    const values = [`tenancy=${OCI_TENANCY}`, `user=${user}`, 'fingerprint=any', `key_file=${file}`];
    rig.write('.oci/config', `[DEFAULT]\n${values.join('\n')}\n`);
    identity.callers.set(`${OCI_TENANCY}/${user}/any`, {
      publicKey: createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }))
        .export({ format: 'pem', type: 'spki' })
        .toString(),
      tenancy: OCI_TENANCY,
      subject: user,
      type: 'user',
      groups,
    });
  };

  it('apikey: logs in with ~/.oci/config, the role in any case, and again with a new key', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      apiKey(rig, 'ocid1.user.oc1..one');
      const hcl = stanza(rig, 'apikey', 'enable_reauth_on_new_credentials = true');
      const agent = await rig.agent(hcl, { env: { HOME: rig.folder } });
      expect(await delivered(rig)).to.include({
        path: 'auth/oci/login/app',
        display_name: 'oci-app',
        renewable: false,
      });
      const first = rig.read('token');
      apiKey(rig, 'ocid1.user.oc1..two');
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await until('the second token', () => rig.read('token') !== first);
      expect(rig.server.requests.count('PUT', 'auth/oci/login/app')).to.equal(2);
    }));

  it('apikey: survives a refused login, says why, and logs in once the user is in the group', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      apiKey(rig, 'ocid1.user.oc1..one', []);
      const agent = await rig.agent(stanza(rig, 'apikey'), { env: { HOME: rig.folder } });
      await hasLogged(
        agent,
        /\[ERROR\].*error authenticating.*Entity not a part.*groups of this user are not in ocid_list/,
      );
      expect(existsSync(rig.path('token'))).to.equal(false);
      apiKey(rig, 'ocid1.user.oc1..one');
      expect(await delivered(rig)).to.include({ path: 'auth/oci/login/app' });
    }));

  it('instance: logs in as the principal of the instance, and again when its session was renewed', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      identity.trust = { root: ociRoot().cert, groups: [GROUP] };
      identity.tokenMs = 302_000;
      plantLines(metadata.instance.key);
      const env = { OCI_METADATA_BASE_URL: metadata.url, OCI_SDK_AUTH_CLIENT_REGION_URL: identity.url };
      const agent = await rig.agent(stanza(rig, 'instance', 'enable_reauth_on_new_credentials = true'), { env });
      expect(await delivered(rig)).to.include({ path: 'auth/oci/login/app', display_name: 'oci-app' });
      for (const keyId of identity.callers.keys()) plant('a session token', keyId);
      metadata.instance = ociInstance('instance-1b');
      identity.tokenMs = 1_200_000;
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await until('the second login', () => rig.server.requests.count('PUT', 'auth/oci/login/app') === 2);
    }));
});
