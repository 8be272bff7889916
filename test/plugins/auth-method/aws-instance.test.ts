// aws and the metadata service of EC2: session tokens, the fall back to version 1, bounds, troubles; and logins of type ec2 with their nonce.
import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { expect } from 'chai';
import type { AuthMethod, LoginPlan } from '../../../core/sdk/index.js';
import { settle } from '../../../core/sdk/testing/index.js';
import type { TokenMode } from '../../doubles/imds.js';
import { AwsStage, attempt, bodyOf, signerOf } from './aws-stage.js';

const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
const IDENTITY = '/latest/dynamic/instance-identity/';

describe('auth method aws (instance)', () => {
  let stage: AwsStage;
  beforeEach(async () => {
    stage = new AwsStage();
    await stage.open();
    stage.imds.roles = ['app'];
    stage.imds.credentials = stage.planted(stage.sts.session('app'));
  });
  afterEach(() => stage.close());

  const paths = (): string[] =>
    stage.imds.calls.map(({ method, path, withToken }) => `${method} ${path}${withToken ? ' +token' : ''}`);

  /** The outcome of a plan while virtual time passes: each second once the doubles have been asked as often as said. */
  async function passing<T>(work: Promise<T>, requests: readonly number[]): Promise<T> {
    work.catch(() => undefined);
    for (const count of requests) {
      while (stage.imds.http.requests < count) await settle(1);
      await settle();
      await stage.fakes.clock.advance(1_000);
    }
    return work;
  }

  describe('credentials of the role', () => {
    it('are asked for with a session token, which is kept until shortly before its end (auth-wire 4.3 f)', async () => {
      const method = await stage.make();
      await method.prepare(attempt());
      await method.prepare(attempt());
      expect(paths()).to.deep.equal([
        'PUT /latest/api/token',
        `GET ${CREDENTIALS} +token`,
        `GET ${CREDENTIALS}app +token`,
        `GET ${CREDENTIALS} +token`,
        `GET ${CREDENTIALS}app +token`,
      ]);
      await stage.fakes.clock.advance((21_600 - 30) * 1_000);
      stage.imds.credentials = stage.planted(stage.sts.session('app'));
      await method.prepare(attempt());
      expect(paths().filter((line) => line.startsWith('PUT'))).to.have.lengthOf(2);
    });

    for (const mode of [403, 404, 405] as const) {
      it(`${String(mode)} for the token means version 1, remembered (auth-wire 4.3 f)`, async () => {
        stage.imds.tokenMode = mode;
        stage.imds.needsToken = false;
        const method = await stage.make();
        expect(signerOf(await method.prepare(attempt()))).to.equal(stage.imds.credentials?.keyId);
        await method.prepare(attempt());
        expect(paths().filter((line) => line.startsWith('PUT'))).to.have.lengthOf(1);
      });
    }

    it('a 401 later on means version 2 again', async () => {
      stage.imds.tokenMode = 403;
      stage.imds.needsToken = false;
      const method = await stage.make();
      await method.prepare(attempt());
      stage.imds.tokenMode = 200;
      stage.imds.needsToken = true;
      expect(signerOf(await method.prepare(attempt()))).to.equal(stage.imds.credentials?.keyId);
      expect(paths().at(-1)).to.equal(`GET ${CREDENTIALS}app +token`);
    });

    it('a token that the service forgot is replaced', async () => {
      const method = await stage.make();
      await method.prepare(attempt());
      stage.imds.forgetTokens();
      expect(signerOf(await method.prepare(attempt()))).to.equal(stage.imds.credentials?.keyId);
    });

    const off: readonly [what: string, settings: object, env: Readonly<Record<string, string>>][] = [
      ['imds_v1_fallback = false', { imds_v1_fallback: false }, {}],
      ['AWS_EC2_METADATA_V1_DISABLED', {}, { AWS_EC2_METADATA_V1_DISABLED: 'True' }],
    ];
    for (const [what, settings, env] of off) {
      it(`${what}: version 1 is never asked`, async () => {
        stage.env(env);
        stage.imds.tokenMode = 403;
        stage.imds.needsToken = false;
        const error = await stage.failure(stage.plan(settings));
        expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
        expect(error.message).to.include('/latest/api/token').and.include('403');
        expect(paths()).to.deep.equal(['PUT /latest/api/token']);
      });
    }

    it('400 for the token is an error', async () => {
      stage.imds.tokenMode = 400;
      expect((await stage.failure(stage.plan())).message)
        .to.include('EC2 instance metadata')
        .and.include('answered 400');
    });

    it('a token request that is never answered means version 1 for this call only', async () => {
      stage.imds.tokenMode = 'silent';
      stage.imds.needsToken = false;
      const method = await stage.make();
      const plan = await passing(method.prepare(attempt()), [1, 3]);
      expect(signerOf(plan)).to.equal(stage.imds.credentials?.keyId);
      stage.imds.tokenMode = 200;
      await method.prepare(attempt());
      expect(paths().filter((line) => line.startsWith('PUT'))).to.have.lengthOf(1);
    });

    it('a service that never answers costs two seconds and counts as no instance; the message says why', async () => {
      stage.imds.http.trouble = 'silent';
      const before = stage.fakes.clock.now();
      const error = await stage.failure(passing(stage.plan(), [1, 2]));
      expect(stage.fakes.clock.now() - before).to.equal(2_000);
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
      expect(error.message).to.include('did not answer within 1 s').and.include('hop limit');
    });

    it('a machine without such a service fails at once', async () => {
      stage.env({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' });
      const error = await stage.failure(stage.plan());
      expect(error.code).to.equal('AUTH_SOURCE_NONE');
      expect(error.message).to.include('http://127.0.0.1:1/latest/api/token cannot be reached');
    });

    it('is off when AWS_EC2_METADATA_DISABLED says so, in any case', async () => {
      stage.env({ AWS_EC2_METADATA_DISABLED: 'TRUE' });
      expect((await stage.failure(stage.plan())).message).to.include('AWS_EC2_METADATA_DISABLED is true');
      expect(stage.imds.http.requests).to.equal(0);
    });

    it('a service that answered before and is silent now is waited for', async () => {
      const method = await stage.make();
      await method.prepare(attempt());
      await stage.fakes.clock.advance(2 * 3_600_000);
      stage.imds.http.trouble = 'cut';
      expect(await stage.failure(method.prepare(attempt()))).to.include({ code: 'SERVICE_UNREACHABLE', act: 'wait' });
    });

    it('an address that is none is named', async () => {
      stage.env({ AWS_EC2_METADATA_SERVICE_ENDPOINT: 'metadata' });
      expect((await stage.failure(stage.plan())).message).to.include('AWS_EC2_METADATA_SERVICE_ENDPOINT is not usable');
    });

    const wrong: readonly [what: string, set: () => void, words: string, act: string][] = [
      ['HTML', () => void (stage.imds.http.trouble = 'html'), 'not a session token', 'wait'],
      ['500', () => void (stage.imds.http.trouble = 'error'), 'answered 500', 'wait'],
      ['a redirect', () => void (stage.imds.http.trouble = 'redirect'), 'answered 302', 'wait'],
      ['a body without end', () => void (stage.imds.http.trouble = 'huge'), 'larger than 65536 bytes', 'wait'],
      [
        'HTML for the role',
        () => stage.imds.instead.set(CREDENTIALS, { status: 200, body: '<html>planted page</html>' }),
        'not the name of a role',
        'wait',
      ],
      [
        'HTML for the credentials',
        () => stage.imds.instead.set(`${CREDENTIALS}app`, { status: 200, body: '<html>planted page</html>' }),
        'not a JSON object',
        'wait',
      ],
      [
        'half a document',
        () => stage.imds.instead.set(`${CREDENTIALS}app`, { status: 200, body: { AccessKeyId: 'planted-key-id' } }),
        'no secret access key',
        'wait',
      ],
      [
        'a time that is none',
        () =>
          stage.imds.instead.set(`${CREDENTIALS}app`, {
            status: 200,
            body: { AccessKeyId: 'a', SecretAccessKey: 'b', Expiration: 'planted time' },
          }),
        'Expiration is not a time',
        'wait',
      ],
      [
        'another Code than Success',
        () => void (stage.imds.code = 'AssumeRoleUnauthorizedAccess'),
        'its Code is AssumeRoleUnauthorizedAccess',
        'fix-credential',
      ],
      [
        'a Code that is a sentence',
        () => void (stage.imds.code = 'planted message, with words'),
        'its Code is not Success',
        'fix-credential',
      ],
    ];
    for (const [what, set, words, act] of wrong) {
      it(`${what}: ${words}; no answer is quoted (5.4)`, async () => {
        set();
        const error = await stage.failure(stage.plan());
        expect(error.act).to.equal(act);
        expect(error.message).to.include('AWS credentials from EC2 instance metadata').and.include(words);
        expect(`${error.message} ${stage.fakes.log.text()}`).to.not.match(/planted|Log in here/);
      });
    }

    it('of two roles in the list the first counts; none is said so', async () => {
      stage.imds.roles = ['app', 'other'];
      expect((await stage.plan()).trail?.at(-1)?.outcome).to.equal('role app of the instance');
      stage.imds.roles = [];
      expect((await stage.failure(stage.plan())).message).to.include('the instance has no role');
    });

    it('that have expired are refused (slow renewal by EC2)', async () => {
      stage.imds.credentials = stage.planted(stage.sts.session('app', -60_000));
      expect((await stage.failure(stage.plan())).message).to.include('expired at');
    });
  });

  describe('type ec2', () => {
    const ec2 = (settings: object = {}): Promise<AuthMethod> => stage.make({ type: 'ec2', ...settings });
    const nonceOf = (plan: LoginPlan): string => {
      const nonce = bodyOf(plan)['nonce'] ?? '';
      stage.plant(nonce);
      return nonce;
    };

    it('sends the very document and its signature unchanged, never pkcs7 too (auth-wire 4.4)', async () => {
      const plan = await (await ec2({ nonce: 'nonce-of-the-configuration' })).prepare(attempt());
      const { identity = '', signature = '', ...rest } = bodyOf(plan);
      expect(Buffer.from(identity, 'base64').toString()).to.equal(stage.imds.document);
      expect(signature).to.match(/^[A-Za-z0-9+/=\n]+$/);
      expect(rest).to.deep.equal({ role: 'app', nonce: 'nonce-of-the-configuration' });
      expect(plan).to.deep.include({ login: 'auth/aws/login', show: ['role'] });
      expect(paths()).to.include(`GET ${IDENTITY}document +token`);
    });

    it('ec2_document = "pkcs7" sends only that, without line breaks', async () => {
      const body = bodyOf(await (await ec2({ nonce: 'n', ec2_document: 'pkcs7' })).prepare(attempt()));
      expect(Object.keys(body).sort()).to.deep.equal(['nonce', 'pkcs7', 'role']);
      expect(body['pkcs7']).to.match(/^[A-Za-z0-9+/=]+$/);
    });

    it('makes one nonce and keeps it in memory, with a warning about restarts (auth-wire 14.11)', async () => {
      const method = await ec2();
      const one = nonceOf(await method.prepare(attempt()));
      expect(nonceOf(await method.prepare(attempt()))).to.equal(one);
      expect(one).to.match(/^[0-9a-f-]{36}$/);
      expect(stage.fakes.log.text().match(/nonce_file/g)).to.have.lengthOf(1);
    });

    it('nonce_file is made with mode 0600 before the first login and read ever after', async () => {
      const path = stage.path('nonce');
      const plan = await (await ec2({ nonce_file: path })).prepare(attempt());
      expect(await readFile(path, 'utf8')).to.equal(`${nonceOf(plan)}\n`);
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      const again = await (await ec2({ nonce_file: path })).prepare(attempt());
      expect(nonceOf(again)).to.equal(nonceOf(plan));
      expect([plan, again].map(({ trail }) => trail?.at(-1)?.outcome)).to.deep.equal(['made and written', 'read']);
    });

    it('the nonce of the configuration counts before the file', async () => {
      const path = await stage.write('nonce', 'nonce-of-the-file');
      expect(
        nonceOf(await (await ec2({ nonce: 'nonce-of-the-configuration', nonce_file: path })).prepare(attempt())),
      ).to.equal('nonce-of-the-configuration');
    });

    it('a test without nonce and nonce_file is refused before anything is asked (issue 5)', async () => {
      const error = await stage.failure((await ec2()).prepare(attempt({ purpose: 'test' })));
      expect(error).to.include({ code: 'AUTH_TEST_REFUSED', act: 'fix-config', hint: 'set nonce_file (or nonce)' });
      expect(stage.imds.http.requests).to.equal(0);
    });

    it('a test with a nonce_file leaves the nonce for the logins to come', async () => {
      const method = await ec2({ nonce_file: stage.path('nonce') });
      const tested = nonceOf(await method.prepare(attempt({ purpose: 'test' })));
      expect(nonceOf(await method.prepare(attempt()))).to.equal(tested);
    });

    const files: readonly [what: string, make: () => Promise<unknown>, code: string][] = [
      ['empty', () => stage.write('nonce', '\n'), 'AUTH_CREDENTIAL_EMPTY'],
      ['too long', () => stage.write('nonce', 'n'.repeat(129)), 'AUTH_CREDENTIAL_INVALID'],
      ['a folder', () => mkdir(stage.path('nonce')), 'AUTH_CREDENTIAL_UNREADABLE'],
    ];
    for (const [what, make, code] of files) {
      it(`a nonce_file that is ${what} is an error and stays as it is`, async () => {
        stage.plant('n'.repeat(129));
        await make();
        const error = await stage.failure((await ec2({ nonce_file: stage.path('nonce') })).prepare(attempt()));
        expect(error).to.include({ code, act: 'fix-credential' });
        expect(error.message).to.include('nonce_file');
      });
    }

    it('a nonce_file in a folder that is not there is an error, and no login is tried with a nonce that is not kept', async () => {
      const error = await stage.failure((await ec2({ nonce_file: stage.path('no/such/nonce') })).prepare(attempt()));
      expect(error.message).to.include('cannot be written');
      expect(stage.imds.http.requests).to.equal(0);
    });

    const wrong: readonly [what: string, name: string, body: string, words: string][] = [
      ['a document that is HTML', 'document', '<html>planted page</html>', 'not an instance identity document'],
      ['a signature that is HTML', 'signature', '<html>planted page</html>', 'not base64'],
      ['an empty signature', 'signature', '\n', 'not base64'],
    ];
    for (const [what, name, body, words] of wrong) {
      it(`${what} is a bad answer and not sent on`, async () => {
        stage.imds.instead.set(`${IDENTITY}${name}`, { status: 200, body });
        const error = await stage.failure((await ec2({ nonce: 'n' })).prepare(attempt()));
        expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
        expect(error.message).to.include(words).and.include(name).and.not.include('planted');
      });
    }

    it('without metadata it says so', async () => {
      stage.env({ AWS_EC2_METADATA_DISABLED: 'true' });
      const error = await stage.failure((await ec2({ nonce: 'n' })).prepare(attempt()));
      expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
    });

    const modes: readonly TokenMode[] = [403];
    for (const mode of modes) {
      it(`works with version 1 of the metadata service too (${String(mode)} for the token)`, async () => {
        stage.imds.tokenMode = mode;
        stage.imds.needsToken = false;
        expect(bodyOf(await (await ec2({ nonce: 'n' })).prepare(attempt()))).to.have.property('identity');
      });
    }

    it('warns about a nonce_file that every user may read', async () => {
      const path = await stage.write('nonce', 'a-nonce-for-all');
      await chmod(path, 0o644);
      await (await ec2({ nonce_file: path })).prepare(attempt());
      expect(stage.fakes.log.text()).to.include('credential file can be read by every user');
      await rm(path);
    });
  });
});
