// aws end to end: stanzas with the reference's keys, the doubles of STS and of the metadata services, the dev server that verifies, a token in a file sink.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { EcsCredentialsDouble } from '../../doubles/ecs-credentials.js';
import { ImdsDouble } from '../../doubles/imds.js';
import { Issuer } from '../../doubles/issuer.js';
import { StsDouble, type Issued } from '../../doubles/sts.js';
import { plant } from '../collector.js';
import { fileSink, onRig, OPEN_POLICY, type Rig, type RunningAgent } from '../rig.js';
import { until } from '../until.js';

const NOWHERE = { AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nonexistent' };
const AGAIN = 'enable_reauth_on_new_credentials = true';

const hasLogged = (agent: RunningAgent, pattern: RegExp): Promise<unknown> =>
  until(
    () => `${String(pattern)} in ${agent.lines.join('')}`,
    () => agent.lines.some((line) => pattern.test(line)),
  );

describe('scenario: auth method aws', function () {
  this.timeout(20_000);
  const issuer = new Issuer();
  let sts: StsDouble;
  let imds: ImdsDouble;
  let ecs: EcsCredentialsDouble;
  beforeEach(async () => {
    sts = new StsDouble({ now: Date.now, identityKey: issuer.pem });
    imds = new ImdsDouble(Date.now);
    ecs = new EcsCredentialsDouble();
    await Promise.all([sts.open(), imds.open(), ecs.open()]);
  });
  afterEach(() => Promise.all([sts.close(), imds.close(), ecs.close()]));

  const planted = (issued: Issued): Issued => {
    plant('a secret access key', issued.secret);
    if (issued.token !== undefined) plant('a session token', issued.token);
    return issued;
  };
  const prepare = async (rig: Rig): Promise<void> => {
    await rig.admin('POST', 'sys/auth/aws', { type: 'aws' });
    await rig.admin('POST', 'sys/policies/acl/app', { policy: OPEN_POLICY });
    const client = { sts_endpoint: sts.url, iam_server_id_header_value: 'vault.test', endpoint: imds.url };
    await rig.admin('POST', 'auth/aws/config/client', client);
  };
  const allow = (rig: Rig, principals: readonly string[] = ['role/app']): Promise<unknown> =>
    rig.admin('POST', 'auth/aws/role/app', {
      auth_type: 'iam',
      bound_iam_principal_arn: principals.map((name) => `arn:aws:iam::123456789012:${name}`),
      resolve_aws_unique_ids: false,
      token_policies: ['app'],
    });
  const stanza = (rig: Rig, config: string, more = ''): string =>
    `auto_auth {\n  ${more}\n  method "aws" {\n    min_backoff = "1s"\n    config = {\n      role = "app"\n      ${config}\n    }\n  }\n${fileSink(rig.path('token'))}}\n`;
  const iam = (rig: Rig, more = '', before = ''): string =>
    stanza(rig, `type = "iam"\n      header_value = "vault.test"\n      ${more}`, before);
  const delivered = async (rig: Rig): Promise<{ path: string; display_name: string }> =>
    (await rig.admin('POST', 'auth/token/lookup', { token: plant('a delivered token', await rig.file('token')) })).data;
  const name = (rig: Rig, wanted: string): Promise<unknown> =>
    until(wanted, async () => (await delivered(rig)).display_name === wanted);

  it('iam: keys of the configuration are signed for STS, which verifies them', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await allow(rig, ['user/deployer']);
      const { keyId, secret } = planted(sts.user('deployer'));
      await rig.agent(iam(rig, `access_key = "${keyId}"\n      secret_key = "${secret}"\n      region = "us-east-1"`), {
        env: NOWHERE,
      });
      expect(await delivered(rig)).to.include({ path: 'auth/aws/login', display_name: 'aws-deployer' });
      expect(sts.calls).to.deep.equal([{ action: 'GetCallerIdentity', status: 200, code: '', keyId }]);
    }));

  it('iam: credentials of the profile are replaced, which leads to a login with the new ones', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await allow(rig, ['user/one', 'user/two']);
      const write = ({ keyId, secret }: Issued): string =>
        rig.write('credentials', `[default]\naws_access_key_id = ${keyId}\naws_secret_access_key = ${secret}\n`);
      const AWS_SHARED_CREDENTIALS_FILE = write(planted(sts.user('one')));
      const agent = await rig.agent(iam(rig, 'credential_poll_interval = 1', AGAIN), {
        env: { ...NOWHERE, AWS_SHARED_CREDENTIALS_FILE },
      });
      await name(rig, 'aws-one');
      write(planted(sts.user('two')));
      await hasLogged(agent, /auth method found new credentials, re-authenticating/);
      await name(rig, 'aws-two');
    }));

  it('iam: the role of the instance, with session tokens of the metadata service', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await allow(rig);
      imds.credentials = planted(sts.session('app'));
      await rig.agent(iam(rig), { env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url } });
      expect(await delivered(rig)).to.include({ display_name: 'aws-app' });
      expect(imds.calls.every(({ method, withToken }) => method === 'PUT' || withToken)).to.equal(true);
    }));

  it('iam: a container and its token file', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await allow(rig);
      ecs.credentials = planted(sts.session('app'));
      ecs.authorization = plant('a pod identity token', 'pod-identity-token-4711');
      const env = {
        ...NOWHERE,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: ecs.url,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: rig.write('pod-token', 'pod-identity-token-4711\n'),
      };
      await rig.agent(iam(rig), { env });
      expect(await delivered(rig)).to.include({ display_name: 'aws-app' });
    }));

  it('iam: a web identity is exchanged at STS; a rotated token leads to a new login', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await allow(rig);
      const token = (jti: string): string =>
        plant(
          'an identity token',
          issuer.sign({ aud: 'sts.amazonaws.com', sub: 'web', jti, exp: Date.now() / 1000 + 600 }),
        );
      const env = {
        ...NOWHERE,
        AWS_ENDPOINT_URL_STS: sts.url,
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/app',
        AWS_WEB_IDENTITY_TOKEN_FILE: rig.write('web-token', token('one')),
      };
      await rig.agent(iam(rig, 'credential_poll_interval = 1', AGAIN), { env });
      await name(rig, 'aws-app');
      rig.write('web-token', token('two'));
      await until('the second login', () => rig.server.requests.count('PUT', 'auth/aws/login') === 2);
      expect(sts.calls.filter(({ action }) => action === 'AssumeRoleWithWebIdentity')).to.have.lengthOf(2);
    }));

  it('iam: survives a refused login: it says why, and the next attempt works', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const { keyId, secret } = planted(sts.user('deployer'));
      const env = { ...NOWHERE, AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: secret };
      const agent = await rig.agent(iam(rig), { env });
      await hasLogged(agent, /\[ERROR\].*error authenticating.*entry for role app not found.*there is no role .?"app/);
      expect(existsSync(rig.path('token'))).to.equal(false);
      await allow(rig, ['user/deployer']);
      expect(await delivered(rig)).to.include({ display_name: 'aws-deployer' });
    }));

  it('iam: a wrong region is explained with both sides', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await allow(rig, ['user/deployer']);
      const { keyId, secret } = planted(sts.user('deployer'));
      const env = { ...NOWHERE, AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: secret };
      const agent = await rig.agent(iam(rig, 'region = "eu-west-1"'), { env });
      await hasLogged(
        agent,
        /scoped to a valid region.*signed for region eu-west-1 and https:\/\/sts\.eu-west-1\.amazonaws\.com/,
      );
    }));

  it('iam: a wrong secret shows what STS said and neither the secret nor the session token', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      await allow(rig);
      const { keyId, token = '' } = planted(sts.session('app'));
      const wrong = plant('a wrong secret key', 'wrong/secret+key/of/a/session');
      const env = { ...NOWHERE, AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: wrong, AWS_SESSION_TOKEN: token };
      const agent = await rig.agent(iam(rig), { env });
      await hasLogged(
        agent,
        /\[ERROR\].*error authenticating.*SignatureDoesNotMatch.*does not belong to the access key/,
      );
    }));

  it('iam: without any credentials the log lists every source and why it has none', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const agent = await rig.agent(iam(rig), { env: NOWHERE });
      await hasLogged(
        agent,
        /AUTH_SOURCE_NONE.*environment: AWS_ACCESS_KEY_ID is not set.*AWS_EC2_METADATA_DISABLED is true/,
      );
    }));

  it('ec2: document and signature; the nonce file lets the instance in after a restart', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const certificate = { aws_public_cert: Buffer.from(imds.certificate.cert).toString('base64'), type: 'identity' };
      await rig.admin('POST', 'auth/aws/config/certificate/aws', certificate);
      await rig.admin('POST', 'auth/aws/role/app', {
        auth_type: 'ec2',
        bound_ami_id: 'ami-1',
        token_policies: ['app'],
      });
      const config = stanza(rig, `type = "ec2"\n      nonce_file = "${rig.path('nonce')}"`);
      const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url };
      const first = await rig.agent(config, { env });
      expect(await delivered(rig)).to.include({ path: 'auth/aws/login', display_name: `aws-${imds.instanceId}` });
      const nonce = plant('a nonce', rig.read('nonce').trim());
      await first.stop();
      await rig.agent(config, { env });
      await until('the second login', () => rig.server.requests.count('PUT', 'auth/aws/login') === 2);
      expect(rig.read('nonce').trim()).to.equal(nonce);
    }));

  it('ec2: another nonce than the first is refused, and the hint says what to do', () =>
    onRig({}, async (rig) => {
      await prepare(rig);
      const certificate = { aws_public_cert: Buffer.from(imds.certificate.cert).toString('base64'), type: 'pkcs7' };
      await rig.admin('POST', 'auth/aws/config/certificate/aws', certificate);
      await rig.admin('POST', 'auth/aws/role/app', {
        auth_type: 'ec2',
        bound_ami_id: 'ami-1',
        token_policies: ['app'],
      });
      const config = (nonce: string): string =>
        stanza(rig, `type = "ec2"\n      ec2_document = "pkcs7"\n      nonce = "${plant('a nonce', nonce)}"`);
      const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.url };
      const first = await rig.agent(config('nonce-of-the-first-agent'), { env });
      await delivered(rig);
      await first.stop();
      const second = await rig.agent(config('nonce-of-the-second-agent'), { env });
      await hasLogged(second, /client nonce mismatch.*nonce_file keeps it/);
    }));
});
