// aws, type iam, beyond the conformance suite: every source of credentials and their order, regions, what counts as a change, and what is said about
// each kind of trouble.
import { promises as dns } from 'node:dns';
import { expect } from 'chai';
import type { AuthMethod } from '../../../core/sdk/index.js';
import { settle } from '../../../core/sdk/testing/index.js';
import type { Issued } from '../../doubles/sts.js';
import { AwsStage, attempt, bodyOf, headersOf, signerOf, trailOf, urlOf } from './aws-stage.js';

const ROLE = 'arn:aws:iam::123456789012:role/irsa';

describe('auth method aws (iam)', () => {
  let stage: AwsStage;
  beforeEach(async () => {
    stage = new AwsStage();
    await stage.open();
  });
  afterEach(() => stage.close());

  const inEnvironment = ({ keyId, secret, token }: Issued): void =>
    stage.env({ AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token });
  const webIdentity = async (): Promise<void> =>
    stage.env({
      AWS_WEB_IDENTITY_TOKEN_FILE: await stage.write('token', `${stage.identityToken()}\n`),
      AWS_ROLE_ARN: ROLE,
    });

  describe('sources', () => {
    it('asks them in the order static, environment, web identity, profile, container, instance (auth-wire 4.3)', async () => {
      const given = Object.fromEntries(
        ['settings', 'environment', 'profile', 'container', 'instance'].map((name) => [
          name,
          stage.planted(stage.sts.session(name)),
        ]),
      ) as Record<string, Issued>;
      const {
        settings: first,
        environment,
        profile,
        container,
        instance,
      } = given as Record<string, Issued> &
        Record<'settings' | 'environment' | 'profile' | 'container' | 'instance', Issued>;
      stage.imds.roles = ['app'];
      stage.imds.credentials = instance;
      expect(signerOf(await stage.plan())).to.equal(instance.keyId);
      stage.ecs.credentials = container;
      stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: stage.ecs.url });
      expect(signerOf(await stage.plan())).to.equal(container.keyId);
      await stage.credentialsFile(profile);
      expect(signerOf(await stage.plan())).to.equal(profile.keyId);
      await webIdentity();
      expect(signerOf(await stage.plan()))
        .to.match(/^ASIA/)
        .and.not.equal(profile.keyId);
      expect(stage.sts.calls.at(-1)).to.include({ action: 'AssumeRoleWithWebIdentity', status: 200, keyId: '' });
      inEnvironment(environment);
      expect(signerOf(await stage.plan())).to.equal(environment.keyId);
      const written = { access_key: first.keyId, secret_key: first.secret, session_token: first.token };
      const plan = await stage.plan(written);
      expect(signerOf(plan)).to.equal(first.keyId);
      expect(trailOf(plan)).to.deep.equal(['access_key and secret_key']);
    });

    it('the trail says of each source why it has none, and which one answered (issue 5)', async () => {
      stage.imds.roles = ['app'];
      stage.imds.credentials = stage.planted(stage.sts.session('app'));
      const { trail } = await stage.plan();
      expect(trail).to.deep.equal([
        { source: 'access_key and secret_key', outcome: 'not configured' },
        { source: 'environment', outcome: 'AWS_ACCESS_KEY_ID is not set' },
        { source: 'web identity', outcome: 'AWS_WEB_IDENTITY_TOKEN_FILE is not set' },
        {
          source: 'profile',
          outcome: `no profile "default" in ${stage.path('.aws/config')} and ${stage.path('.aws/credentials')}`,
        },
        { source: 'container', outcome: 'AWS_CONTAINER_CREDENTIALS_FULL_URI is not set' },
        { source: 'EC2 instance metadata', outcome: 'role app of the instance' },
      ]);
    });

    it('without any, the error lists them all with their reasons', async () => {
      stage.env({ AWS_ACCESS_KEY_ID: 'AKIDHALF' });
      const error = await stage.failure(stage.plan());
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
      for (const words of [
        'not configured',
        'AWS_SECRET_ACCESS_KEY is not',
        'no profile "default"',
        'instance has no role',
      ])
        expect(error.message).to.include(words);
    });

    it('the older names of the environment count too, a secret alone does not', async () => {
      stage.plant('older/secret+key');
      stage.env({ AWS_ACCESS_KEY: 'AKIDOLD', AWS_SECRET_KEY: 'older/secret+key' });
      expect(signerOf(await stage.plan())).to.equal('AKIDOLD');
      stage.env({ AWS_ACCESS_KEY: undefined });
      expect((await stage.failure(stage.plan())).message).to.include(
        'AWS_SECRET_ACCESS_KEY is set, AWS_ACCESS_KEY_ID is not',
      );
    });

    it('half a pair in the configuration is an error, never a search for others', async () => {
      stage.plant('lonely/secret+key');
      const error = await stage.failure(stage.plan({ secret_key: 'lonely/secret+key' }));
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.include('access_key and secret_key').and.include('no access key id');
    });

    it('credentials with a line break are refused without showing them', async () => {
      stage.plant('two\nlines-of-secret');
      stage.env({ AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'two\nlines-of-secret' });
      expect((await stage.failure(stage.plan())).message).to.include('secret access key holds blanks, line breaks');
    });

    it('a source that is set up and cannot answer ends the search: nobody logs in as somebody else', async () => {
      stage.imds.roles = ['node'];
      stage.imds.credentials = stage.planted(stage.sts.session('node'));
      stage.env({ AWS_WEB_IDENTITY_TOKEN_FILE: stage.path('gone'), AWS_ROLE_ARN: ROLE });
      const error = await stage.failure(stage.plan());
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_MISSING', act: 'fix-credential' });
      expect(error.message)
        .to.include('AWS credentials from web identity')
        .and.include('before it: access_key and secret_key: not configured');
      expect(stage.imds.calls).to.deep.equal([]);
    });
  });

  describe('web identity', () => {
    beforeEach(webIdentity);

    it('reads the token fresh and keeps what STS gave until five minutes before its end (auth-wire 4.3 c)', async () => {
      const method = await stage.make();
      const one = signerOf(await method.prepare(attempt()));
      expect(signerOf(await method.prepare(attempt()))).to.equal(one);
      await stage.write('token', stage.identityToken({ jti: 'rotated' }));
      const two = signerOf(await method.prepare(attempt()));
      expect(two).to.not.equal(one);
      await stage.fakes.clock.advance(54 * 60_000);
      await stage.write('token', stage.identityToken({ jti: 'rotated' }));
      expect(stage.sts.calls).to.have.lengthOf(2);
      await stage.fakes.clock.advance(60_000);
      expect(signerOf(await method.prepare(attempt()))).to.not.equal(two);
      expect(stage.sts.calls).to.have.lengthOf(3);
    });

    it('the settings come before the environment', async () => {
      const other = await stage.write('other', stage.identityToken({ jti: 'other' }));
      stage.env({ AWS_WEB_IDENTITY_TOKEN_FILE: stage.path('gone') });
      await stage.plan({ web_identity_token_file: other, role_arn: 'arn:aws:iam::123456789012:role/mine' });
      expect(stage.sts.calls.map(({ status }) => status)).to.deep.equal([200]);
    });

    it('needs a role', async () => {
      stage.env({ AWS_ROLE_ARN: undefined });
      expect((await stage.failure(stage.plan())).message).to.include('neither role_arn nor AWS_ROLE_ARN');
    });

    const bad: readonly [what: string, token: () => string, code: string, words: string][] = [
      ['an expired token', () => stage.identityToken({ exp: 1 }), 'AUTH_CREDENTIAL_INVALID', 'ExpiredTokenException'],
      ['an empty file', () => ' \n', 'AUTH_CREDENTIAL_EMPTY', 'is empty'],
    ];
    for (const [what, token, code, words] of bad) {
      it(`${what} is named as the trouble`, async () => {
        await stage.write('token', token());
        const error = await stage.failure(stage.plan());
        expect(error).to.include({ code, act: 'fix-credential' });
        expect(error.message).to.include(words).and.include('web identity');
      });
    }

    it('a token of somebody else is tried three times, then refused; what STS repeats of it is masked', async () => {
      await stage.write('token', `${stage.identityToken().slice(0, -6)}AAAAAA`);
      stage.plant(`${stage.identityToken().slice(0, -6)}AAAAAA`);
      const work = stage.failure(stage.plan());
      for (let tries = 1; tries <= 3; tries++) {
        while (stage.sts.calls.length < tries) await settle(1);
        await settle();
        await stage.fakes.clock.advance(1_000);
      }
      const error = await work;
      expect(stage.sts.calls).to.have.lengthOf(3);
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
      expect(error.message).to.include('InvalidIdentityToken').and.include('[secret]');
      expect(error.hint).to.include('identity provider');
    });

    it('a code of STS that is a word of the language is no hint', async () => {
      stage.sts.refusals.push({ status: 400, code: 'constructor', message: 'no' });
      const error = await stage.failure(stage.plan());
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', hint: undefined });
      expect(error.message).to.include('constructor: no');
    });

    it('STS in trouble is waited for; it gives credentials once it recovers', async () => {
      stage.sts.refusals.push({ status: 503, code: 'ServiceUnavailable', message: 'try later' });
      expect(await stage.failure(stage.plan())).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
      expect(signerOf(await stage.plan())).to.match(/^ASIA/);
    });

    it('STS that answers HTML is a bad answer, and the page is not quoted (5.4)', async () => {
      stage.sts.http.trouble = 'html';
      const error = await stage.failure(stage.plan());
      expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
      expect(error.message).to.not.include('Log in here');
    });

    it('STS that never answers is given up after five seconds', async () => {
      stage.sts.http.trouble = 'silent';
      const work = stage.failure(stage.plan());
      while (stage.sts.http.requests === 0) await settle(1);
      await stage.fakes.clock.advance(5_000);
      expect(await work).to.include({ code: 'SERVICE_TIMEOUT', act: 'wait' });
    });

    it('AWS_ENDPOINT_URL names STS too, AWS_ENDPOINT_URL_STS comes first (auth-wire 11.2)', async () => {
      stage.env({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' });
      await stage.plan();
      stage.env({ AWS_ENDPOINT_URL: stage.sts.url, AWS_ENDPOINT_URL_STS: undefined });
      await stage.plan();
      expect(stage.sts.calls).to.have.lengthOf(2);
    });

    it('an environment with a proxy changes nothing: the agent asks directly (5.5)', async () => {
      const before = process.env['HTTP_PROXY'];
      process.env['HTTP_PROXY'] = 'http://127.0.0.1:1';
      try {
        expect(signerOf(await stage.plan())).to.match(/^ASIA/);
      } finally {
        if (before === undefined) delete process.env['HTTP_PROXY'];
        else process.env['HTTP_PROXY'] = before;
      }
    });

    it('no redirect is followed (5.5)', async () => {
      stage.sts.http.trouble = 'redirect';
      expect((await stage.failure(stage.plan())).message).to.include('302');
    });
  });

  describe('role_arn without a token file', () => {
    it('is assumed with what the chain found, and again before it ends (auth-wire 14.14)', async () => {
      inEnvironment(stage.planted(stage.sts.user('deployer')));
      const method = await stage.make({ role_arn: ROLE });
      const plan = await method.prepare(attempt());
      expect(trailOf(plan)).to.deep.equal(['access_key and secret_key', 'environment', 'role_arn']);
      expect(stage.sts.calls.at(-1)).to.include({ action: 'AssumeRole', status: 200 });
      await stage.fakes.clock.advance(56 * 60_000);
      expect(signerOf(await method.prepare(attempt()))).to.not.equal(signerOf(plan));
    });

    it('a refusal says which role and by whom', async () => {
      inEnvironment(stage.planted(stage.sts.user('deployer')));
      stage.sts.refusals.push({
        status: 403,
        code: 'AccessDenied',
        message: 'User is not authorized to perform: sts:AssumeRole',
      });
      const error = await stage.failure(stage.plan({ role_arn: ROLE }));
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', hint: 'check the trust policy of the role' });
      expect(error.message).to.include('role_arn').and.include('AccessDenied');
    });
  });

  describe('container', () => {
    beforeEach(() => {
      stage.ecs.credentials = stage.planted(stage.sts.session('task'));
      stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: stage.ecs.url });
    });

    it('sends the token of the file, read anew each time, before that of the variable (auth-wire 4.3 e)', async () => {
      stage.plant('pod-identity-token-1', 'pod-identity-token-2', 'token-of-the-variable');
      stage.env({
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'token-of-the-variable',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: await stage.write('pod', 'pod-identity-token-1\n'),
      });
      const method = await stage.make();
      stage.ecs.authorization = 'pod-identity-token-1';
      await method.prepare(attempt());
      stage.ecs.authorization = 'pod-identity-token-2';
      await stage.write('pod', 'pod-identity-token-2');
      await method.prepare(attempt());
      expect(stage.ecs.served).to.deep.equal(['/v1/credentials', '/v1/credentials']);
    });

    it('a wrong token is a refusal that names the file and does not repeat the token', async () => {
      stage.plant('wrong-pod-identity-token');
      stage.ecs.authorization = 'the-right-one';
      stage.env({ AWS_CONTAINER_AUTHORIZATION_TOKEN: 'wrong-pod-identity-token' });
      const error = await stage.failure(stage.plan());
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.include('401').and.include('/v1/credentials');
      expect(error.hint).to.include('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE');
    });

    it('a token with a line break is not sent', async () => {
      stage.plant('one-line\r\nX-Evil: 1');
      stage.env({ AWS_CONTAINER_AUTHORIZATION_TOKEN: 'one-line\r\nX-Evil: 1' });
      expect((await stage.failure(stage.plan())).message)
        .to.include('AWS_CONTAINER_AUTHORIZATION_TOKEN')
        .and.include('line break');
      expect(stage.ecs.http.requests).to.equal(0);
    });

    const uris: readonly [uri: string, words: string][] = [
      ['http://192.0.2.7/v1', 'neither this machine nor an address of ECS or EKS'],
      ['http://169.254.169.254/v1', 'neither this machine nor an address of ECS or EKS'],
      ['ftp://127.0.0.1/', 'no http or https address'],
      ['not an address', 'no http or https address'],
    ];
    for (const [uri, words] of uris) {
      it(`does not ask ${uri} (auth-wire 4.3 e)`, async () => {
        stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: uri });
        const error = await stage.failure(stage.plan());
        expect(error.act).to.equal('fix-credential');
        expect(error.message).to.include(words);
      });
    }

    it('a name counts by all its addresses: localhost is this machine', async () => {
      stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: stage.ecs.url.replace('127.0.0.1', 'localhost') });
      expect(signerOf(await stage.plan())).to.equal(stage.ecs.credentials?.keyId);
    });

    it('waits two seconds at most for a name service (auth-wire 4.3 e)', async () => {
      stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://container.example/v1' });
      const { lookup } = dns;
      const asked = new Promise<void>((resolve) => {
        dns.lookup = (() => new Promise(() => resolve())) as unknown as typeof lookup;
      });
      try {
        const work = stage.failure(stage.plan());
        await asked;
        await stage.fakes.clock.advance(2_000);
        expect((await work).message).to.include('the name container.example is not known');
      } finally {
        dns.lookup = lookup;
      }
    });

    it('the relative address is one of the endpoint of ECS, asked for two seconds at most', async () => {
      const relative = '/v2/credentials/x';
      stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative });
      const work = stage.failure(stage.plan());
      await settle();
      await stage.fakes.clock.advance(2_000);
      expect((await work).message).to.include(`http://169.254.170.2${relative}`);
    });

    for (const path of ['no-slash', '//192.0.2.7/x']) {
      it(`refuses the relative address ${path}`, async () => {
        stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path });
        expect((await stage.failure(stage.plan())).message).to.include('not a path that begins with /');
      });
    }

    it('nobody there, HTML, and 500 are worth waiting for, each said in words (5.4)', async () => {
      stage.ecs.http.trouble = 'html';
      expect((await stage.failure(stage.plan())).message)
        .to.include('not a JSON object')
        .and.not.include('Log in here');
      stage.ecs.http.trouble = 'error';
      expect(await stage.failure(stage.plan())).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
      await stage.ecs.close();
      stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1/v1' });
      expect(await stage.failure(stage.plan())).to.include({ code: 'SERVICE_UNREACHABLE', act: 'wait' });
      await stage.ecs.open();
    });

    it('a service that never answers is given up after two seconds', async () => {
      stage.ecs.http.trouble = 'silent';
      const work = stage.failure(stage.plan());
      while (stage.ecs.http.requests === 0) await settle(1);
      await stage.fakes.clock.advance(2_000);
      const error = await work;
      expect(error).to.include({ code: 'SERVICE_TIMEOUT', act: 'wait' });
      expect(error.message).to.include('AWS credentials from container').and.include('did not answer within 2 s');
    });

    it('expired credentials are refused with the time of their end', async () => {
      stage.ecs.credentials = stage.planted(stage.sts.session('task', -1_000));
      const error = await stage.failure(stage.plan());
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
      expect(error.message).to.include('container').and.include('expired at 2025-12-31T23:59:59.000Z');
    });
  });

  describe('request', () => {
    beforeEach(() => inEnvironment(stage.planted(stage.sts.session('app'))));

    it('is signed anew for each attempt, and the lock-out counts by the key, not by the body (5.1, 5.6)', async () => {
      const method = await stage.make();
      const one = await method.prepare(attempt());
      await stage.fakes.clock.advance(1_000);
      const two = await method.prepare(attempt());
      expect(bodyOf(one)['iam_request_headers']).to.not.equal(bodyOf(two)['iam_request_headers']);
      expect(one.credential?.equals(two.credential)).to.equal(true);
      stage.env({ AWS_ACCESS_KEY_ID: 'AKIDOTHER' });
      expect((await method.prepare(attempt())).credential?.equals(one.credential)).to.equal(false);
    });

    it('shows what may be shown: not the headers', async () => {
      expect((await stage.plan()).show).to.deep.equal([
        'role',
        'iam_http_request_method',
        'iam_request_url',
        'iam_request_body',
      ]);
    });

    it('has the header value only when it is written', async () => {
      expect(headersOf(await stage.plan())).to.not.have.property('X-Vault-AWS-IAM-Server-ID');
      expect(headersOf(await stage.plan({ header_value: '' }))).to.not.have.property('X-Vault-AWS-IAM-Server-ID');
      expect(headersOf(await stage.plan({ header_value: 'vault.test' }))).to.include({
        'X-Vault-AWS-IAM-Server-ID': 'vault.test',
      });
    });

    const regions: readonly [settings: object, env: Readonly<Record<string, string>>, url: string][] = [
      [{ region: undefined }, { AWS_REGION: 'eu-west-1' }, 'https://sts.amazonaws.com/'],
      [{ region: 'eu-west-1' }, {}, 'https://sts.eu-west-1.amazonaws.com/'],
      [
        { region: '' },
        { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-3' },
        'https://sts.eu-west-2.amazonaws.com/',
      ],
      [{ region: 'auto' }, { AWS_DEFAULT_REGION: 'eu-west-3' }, 'https://sts.eu-west-3.amazonaws.com/'],
      [{ region: 'auto' }, {}, 'https://sts.eu-west-1.amazonaws.com/'],
      [{ region: 'auto' }, { AWS_EC2_METADATA_DISABLED: 'TRUE' }, 'https://sts.amazonaws.com/'],
      [{ region: 'eu-west-1', sts_url: 'https://sts.internal.example/' }, {}, 'https://sts.internal.example/'],
    ];
    for (const [settings, env, url] of regions) {
      it(`with ${JSON.stringify(settings)} and ${JSON.stringify(env)} it is signed for ${url} (auth-wire 4.1, 4.3)`, async () => {
        stage.env(env);
        expect(urlOf(await stage.plan(settings))).to.equal(url);
      });
    }

    it('region auto takes the region of the profile before that of the instance, and warns when there is none', async () => {
      stage.env({ AWS_CONFIG_FILE: await stage.write('config', '[default]\nregion = ap-south-1\n') });
      expect(urlOf(await stage.plan({ region: 'auto' }))).to.equal('https://sts.ap-south-1.amazonaws.com/');
      stage.env({ AWS_CONFIG_FILE: undefined, AWS_EC2_METADATA_DISABLED: 'true' });
      const plan = await stage.plan({ region: '' });
      expect(plan.trail?.at(-1)).to.deep.equal({ source: 'region', outcome: 'not found, us-east-1 is used' });
      expect(stage.fakes.log.text()).to.include('the AWS region was not found');
    });

    for (const region of ['evil.example/', 'EU-WEST-1', 'a b']) {
      it(`refuses ${JSON.stringify(region)} as a region`, async () => {
        stage.env({ AWS_REGION: region });
        expect((await stage.failure(stage.plan({ region: 'auto' }))).message)
          .to.include('AWS_REGION')
          .and.include('not the name of a region');
      });
    }

    const tampered: readonly [what: string, change: (headers: Record<string, string>) => void, answer: string][] = [
      ['as it is', () => undefined, '200 '],
      [
        'with another signature',
        (headers) => {
          headers['Authorization'] = (headers['Authorization'] ?? '').replace(/.$/, (last) =>
            last === '0' ? '1' : '0',
          );
        },
        '403 SignatureDoesNotMatch',
      ],
      ['of 2015', (headers) => void (headers['X-Amz-Date'] = '20150830T123600Z'), '403 SignatureDoesNotMatch'],
      [
        'with a header that is not signed',
        (headers) => void (headers['X-Amz-Meta'] = 'x'),
        '403 SignatureDoesNotMatch',
      ],
      ['without a signature', (headers) => void delete headers['Authorization'], '403 MissingAuthenticationToken'],
    ];
    for (const [what, change, answer] of tampered) {
      it(`${what}, the request gets ${answer}from STS (corrections)`, async () => {
        const plan = await stage.plan({ sts_url: stage.sts.url });
        const headers = { ...headersOf(plan) };
        change(headers);
        const body = Buffer.from(bodyOf(plan)['iam_request_body'] ?? '', 'base64');
        const got = await fetch(stage.sts.url, { method: 'POST', headers, body });
        expect(`${String(got.status)} ${/<Code>(.*)<\/Code>/.exec(await got.text())?.[1] ?? ''}`).to.equal(answer);
      });
    }

    for (const [minutes, words] of [
      [16, 'Signature expired'],
      [-16, 'Signature not yet current'],
    ] as const) {
      it(`signed ${String(minutes)} minutes ago by a wrong clock it is refused: ${words} (11.4)`, async () => {
        const plan = await stage.plan({ sts_url: stage.sts.url });
        stage.fakes.clock.jump(minutes * 60_000);
        const body = Buffer.from(bodyOf(plan)['iam_request_body'] ?? '', 'base64');
        const got = await fetch(stage.sts.url, { method: 'POST', headers: headersOf(plan), body });
        expect(await got.text()).to.include(words);
      });
    }
  });

  describe('changes', () => {
    const next = (method: AuthMethod, signal: AbortSignal): AsyncIterator<void> => {
      const changes = method.changes?.(signal)[Symbol.asyncIterator]();
      if (changes === undefined) throw new Error('no changes');
      return changes;
    };

    it('looks each credential_poll_interval and tells once of other credentials (auth-wire 1.5)', async () => {
      const path = await stage.credentialsFile(stage.planted(stage.sts.user('one')));
      const method = await stage.make({ credential_poll_interval: 7_000 });
      await method.prepare(attempt());
      const over = new AbortController();
      const changes = next(method, over.signal);
      let told = 0;
      const first = changes.next().then(() => told++);
      await settle();
      expect(stage.fakes.clock.nextInMs).to.equal(7_000);
      await stage.fakes.clock.advance(7_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(told).to.equal(0);
      await stage.credentialsFile(stage.planted(stage.sts.user('two')));
      await stage.fakes.clock.advance(7_000);
      await first;
      expect(told).to.equal(1);
      const second = changes.next();
      over.abort();
      expect(await second).to.include({ done: true });
      expect(path).to.equal(stage.path('credentials'));
    });

    it('a look that fails is worth a warning; the credentials in use stay in use until they end', async () => {
      await stage.credentialsFile(stage.planted(stage.sts.user('one')));
      const method = await stage.make();
      const before = signerOf(await method.prepare(attempt()));
      await stage.write('credentials', 'what is this\n');
      const plan = await method.prepare(attempt());
      expect(signerOf(plan)).to.equal(before);
      expect(plan.trail?.at(-1)?.outcome).to.include('(remembered)');
      expect(stage.fakes.log.text()).to.include('no fresh AWS credentials').and.include('line 1 of');
    });

    it('temporary credentials are not remembered beyond their end', async () => {
      stage.ecs.credentials = stage.planted(stage.sts.session('task', 60_000));
      stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: stage.ecs.url });
      const method = await stage.make();
      await method.prepare(attempt());
      stage.ecs.http.trouble = 'error';
      await method.prepare(attempt());
      await stage.fakes.clock.advance(60_000);
      expect(await stage.failure(method.prepare(attempt()))).to.include({ code: 'SERVICE_BAD_ANSWER' });
    });

    it('ends at once for ec2, where there is nothing to look for (auth-wire 4.4)', async () => {
      const method = await stage.make({ type: 'ec2', nonce: 'n-1' });
      expect(await next(method, new AbortController().signal).next()).to.include({ done: true });
    });
  });

  describe('hints', () => {
    const cases: readonly [status: number, error: string, words: string][] = [
      [
        400,
        'Credential should be scoped to a valid region.',
        'signed for region eu-west-1 and https://sts.eu-west-1.amazonaws.com/',
      ],
      [
        400,
        'Signature expired: 20150830T123600Z is now earlier than',
        'the clock of this machine says 2026-01-01T00:00:00.000Z',
      ],
      [400, 'Signature not yet current: 2030', 'the clock of this machine says'],
      [400, '<Code>SignatureDoesNotMatch</Code>', 'does not belong to the access key'],
      [400, '<Code>InvalidClientTokenId</Code>', 'does not exist, is not active'],
      [400, '<Code>ExpiredToken</Code>', 'have expired'],
      [400, 'error validating X-Vault-AWS-IAM-Server-ID header: missing header', 'header_value must be'],
      [400, 'invalid request header: X-Amz-Foo', 'allowed_sts_header_values'],
      [400, 'client nonce mismatch', 'identity-accesslist'],
      [400, 'IAM Principal "arn" does not belong to the role "app"', 'role "app" is bound to other principals'],
      [400, 'entry for role app not found', 'there is no role "app" at auth/aws'],
      [400, 'auth method iam not allowed for role app', 'auth_type of role "app"'],
      [403, 'permission denied', 'is there an aws auth method at auth/aws?'],
    ];
    for (const [status, error, words] of cases) {
      it(`${String(status)} ${error}: says what to do`, async () => {
        inEnvironment(stage.planted(stage.sts.user('one')));
        const method = await stage.make({ region: 'eu-west-1' });
        await method.prepare(attempt());
        expect(method.hint?.(status, [error])).to.include(words);
      });
    }

    it('has nothing to say about what it does not know', async () => {
      expect((await stage.make()).hint?.(500, ['internal error'])).to.equal(undefined);
    });
  });
});
