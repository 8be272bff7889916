// aws and the profiles of the AWS tools: how their files are read, keys, programs, roles of other profiles, and what is said of broken ones.
import { expect } from 'chai';
import { commandWords } from '../../../plugins/auth-method/aws/command-words.js';
import { readProfiles } from '../../../plugins/auth-method/aws/profile-file.js';
import type { Issued } from '../../doubles/sts.js';
import { AwsStage, attempt, signerOf } from './aws-stage.js';

const ROLE = 'arn:aws:iam::123456789012:role/app';

describe('auth method aws (profiles)', () => {
  describe('files', () => {
    const objects = (text: string, prefixed = false): unknown => {
      const found = readProfiles(text, prefixed);
      return 'line' in found ? found : Object.fromEntries([...found].map(([name, profile]) => [name, { ...profile }]));
    };
    const cases: readonly [what: string, text: string, prefixed: boolean, found: unknown][] = [
      ['keys of sections', '[a]\nx = 1\n[b]\ny=2\n', false, { a: { x: '1' }, b: { y: '2' } }],
      [
        'comments and blank lines',
        '# c\n; c\n\n[a] # c\nx = 1 # not this\ny = a#b\n',
        false,
        { a: { x: '1', y: 'a#b' } },
      ],
      [
        'names in any case, values with =',
        '[a]\nAWS_Secret_Access_Key = ab/c+d==\n',
        false,
        { a: { aws_secret_access_key: 'ab/c+d==' } },
      ],
      ['Windows line ends', '[a]\r\nx = 1\r\n', false, { a: { x: '1' } }],
      ['sections that come twice', '[a]\nx = 1\n[a]\ny = 2\n', false, { a: { x: '1', y: '2' } }],
      ['nested settings are left out', '[a]\ns3 =\n  region = 1\nx = 2\n', false, { a: { s3: '', x: '2' } }],
      [
        '[profile x] of the config file',
        '[default]\nr = 1\n[profile x]\nr = 2\n[profile "y z"]\nr = 3\n[other]\nr = 4\n[sso-session s]\nr = 5\n',
        true,
        { default: { r: '1' }, x: { r: '2' }, 'y z': { r: '3' } },
      ],
      ['an empty value', '[a]\nx =\n', false, { a: { x: '' } }],
      ['a line that is none', '[a]\nx = 1\nwhat\n', false, { line: 3 }],
      ['a line without a name', '[a]\n= 1\n', false, { line: 2 }],
      ['a line of many blanks', `[a]\nx${' '.repeat(1 << 19)}y\n`, false, { line: 2 }],
      ['a section that is not closed', '[a\n', false, { line: 1 }],
      ['nothing', '', false, {}],
      ['a name that objects have', '[__proto__]\nx = 1\n', false, JSON.parse('{"__proto__":{"x":"1"}}')],
    ];
    for (const [what, text, prefixed, found] of cases) {
      it(`${what} (auth-wire 4.3 d)`, () =>
        expect(JSON.stringify(objects(text, prefixed))).to.equal(JSON.stringify(found)));
    }
  });

  describe('command lines', () => {
    const cases: readonly [line: string, words: string[] | undefined][] = [
      ['/bin/a b  c', ['/bin/a', 'b', 'c']],
      [' "/opt/my tool" --name "a \\"b\\""', ['/opt/my tool', '--name', 'a "b"']],
      ["a 'b c'd", ['a', 'b cd']],
      ['a b\\ c', ['a', 'b c']],
      ['a $HOME `id` ; rm *', ['a', '$HOME', '`id`', ';', 'rm', '*']],
      ['a ""', ['a', '']],
      ['a "b', undefined],
      ["a 'b", undefined],
      ['   ', undefined],
      ['', undefined],
    ];
    for (const [line, words] of cases) {
      it(`${JSON.stringify(line)} is ${JSON.stringify(words)}: nothing is expanded`, () =>
        expect(commandWords(line)).to.deep.equal(words));
    }
  });

  let stage: AwsStage;
  beforeEach(async () => {
    stage = new AwsStage();
    await stage.open();
    stage.env({ AWS_EC2_METADATA_DISABLED: 'true', PATH: process.env['PATH'] });
  });
  afterEach(() => stage.close());

  const keys = ({ keyId, secret, token }: Issued): string =>
    `aws_access_key_id = ${keyId}\naws_secret_access_key = ${secret}\n${token === undefined ? '' : `aws_session_token = ${token}\n`}`;
  const config = async (text: string): Promise<void> =>
    stage.env({ AWS_CONFIG_FILE: await stage.write('config', text) });
  const credentials = async (text: string): Promise<void> =>
    stage.env({ AWS_SHARED_CREDENTIALS_FILE: await stage.write('credentials', text) });

  describe('keys', () => {
    it('are found in both files under the home folder; the credentials file counts first', async () => {
      const [one, two] = [stage.sts.user('one'), stage.sts.user('two')].map((issued) => stage.planted(issued)) as [
        Issued,
        Issued,
      ];
      await config(`[default]\n${keys(one)}`);
      expect(signerOf(await stage.plan())).to.equal(one.keyId);
      await credentials(`[default]\n${keys(two)}`);
      expect(signerOf(await stage.plan())).to.equal(two.keyId);
    });

    it('of the profile that the configuration names, else AWS_PROFILE', async () => {
      const [one, two] = [stage.sts.user('one'), stage.sts.user('two')].map((issued) => stage.planted(issued)) as [
        Issued,
        Issued,
      ];
      await credentials(`[one]\n${keys(one)}[two]\n${keys(two)}`);
      stage.env({ AWS_PROFILE: 'one' });
      expect(signerOf(await stage.plan())).to.equal(one.keyId);
      const plan = await stage.plan({ profile: 'two' });
      expect(signerOf(plan)).to.equal(two.keyId);
      expect(plan.trail?.at(-1)?.outcome).to.include('profile "two" of').and.include('credentials');
    });

    const broken: readonly [what: string, text: string, words: string][] = [
      ['a profile that is not there', '[default]\n', 'profile "app" is not usable: it is not in'],
      ['a profile without credentials', '[app]\nregion = x\n', 'it names no credentials'],
      ['half a pair', '[app]\naws_access_key_id = AKID\n', 'it has no secret access key'],
      ['a line that is none', '[app]\nplanted-line-in-a-file\n', 'line 2 of'],
    ];
    for (const [what, text, words] of broken) {
      it(`${what}, though it is named, is an error that says where`, async () => {
        stage.plant('planted-line-in-a-file');
        await credentials(text);
        const error = await stage.failure(stage.plan({ profile: 'app' }));
        expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
        expect(error.message).to.include(words).and.include('AWS credentials from profile');
      });
    }

    it('single sign-on needs a person, which the message says', async () => {
      await config('[profile app]\nsso_session = corp\nsso_role_name = x\n');
      expect((await stage.failure(stage.plan({ profile: 'app' }))).message)
        .to.include('a person must log in')
        .and.include('credential_process');
    });

    it('without HOME and without variables there is no file to read', async () => {
      stage.env({ HOME: undefined });
      expect((await stage.failure(stage.plan())).message).to.include('HOME is not set');
    });
  });

  describe('credential_process', () => {
    const script = (body: string): Promise<string> => stage.write('program.mjs', body);
    const profile = async (body: string): Promise<void> =>
      config(`[default]\ncredential_process = "${process.execPath}" "${await script(body)}" 'an argument'\n`);
    const printing = (members: object): string => `process.stdout.write(${JSON.stringify(JSON.stringify(members))})`;
    const given = (issued: Issued): object => ({
      Version: 1,
      AccessKeyId: issued.keyId,
      SecretAccessKey: issued.secret,
      SessionToken: issued.token,
      ...(issued.expiresAtMs !== undefined && { Expiration: new Date(issued.expiresAtMs).toISOString() }),
    });

    it('is run without a shell and what it prints is used, until shortly before its end (auth-wire 4.3 d)', async () => {
      const issued = stage.planted(stage.sts.session('app'));
      await profile(printing(given(issued)));
      const method = await stage.make();
      expect(signerOf(await method.prepare(attempt()))).to.equal(issued.keyId);
      const other = stage.planted(stage.sts.session('app'));
      await script(printing(given(other)));
      expect(signerOf(await method.prepare(attempt()))).to.equal(issued.keyId);
      await stage.fakes.clock.advance(55 * 60_000);
      expect(signerOf(await method.prepare(attempt()))).to.equal(other.keyId);
    });

    it('sees only the variables that it may need', async () => {
      await profile(
        `${printing({ Version: 1 })}; if (Object.keys(process.env).some((name) => !/^(PATH|HOME|AWS_\\w+|LC_\\w+|__CF\\w+)$/.test(name)) || process.env.AWS_SECRET_ACCESS_KEY) process.exit(7)`,
      );
      stage.env({ AWS_SECRET_ACCESS_KEY: 'lonely/secret+key' });
      stage.plant('lonely/secret+key');
      expect((await stage.failure(stage.plan())).message).to.include('it has no access key id');
    });

    const wrong: readonly [what: string, body: string, words: string][] = [
      [
        'ends with an error',
        'console.error("planted stderr"); console.log("planted stdout"); process.exit(3)',
        'it ended with code 3',
      ],
      ['prints no JSON', 'console.log("planted stdout")', 'it is not a JSON object'],
      [
        'prints another version',
        printing({ Version: 2, AccessKeyId: 'a', SecretAccessKey: 'planted-b' }),
        'Version is not 1',
      ],
      ['prints no end', 'for (;;) process.stdout.write("planted".repeat(9999))', 'more than 65536 bytes'],
      [
        'prints what has expired',
        printing({ Version: 1, AccessKeyId: 'a', SecretAccessKey: 'planted-b', Expiration: '2020-01-01T00:00:00Z' }),
        'have expired',
      ],
    ];
    for (const [what, body, words] of wrong) {
      it(`a program that ${what}: ${words}; what it printed is not shown (5.4)`, async () => {
        await profile(body);
        const error = await stage.failure(stage.plan());
        expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
        expect(error.message).to.include('credential_process').and.include(words);
        expect(`${error.message} ${stage.fakes.log.text()}`).to.not.include('planted');
      });
    }

    const lines: readonly [line: string, words: string][] = [
      ['/no/such/program', 'it could not be started: no such file or folder'],
      ['"not closed', 'a quote is not closed'],
    ];
    for (const [line, words] of lines) {
      it(`${line}: ${words}`, async () => {
        await config(`[default]\ncredential_process = ${line}\n`);
        expect((await stage.failure(stage.plan())).message).to.include(words);
      });
    }

    it('a program that does not end is killed after 20 s', async () => {
      const started = stage.path('started');
      await profile(
        `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(started)}, 'x'); setInterval(() => undefined, 1000)`,
      );
      const work = stage.failure(stage.plan());
      while (stage.fakes.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      await stage.fakes.clock.advance(20_000);
      expect((await work).message).to.include('did not end within 20 s');
    });

    it('a program is killed when the attempt is given up', async () => {
      await profile('setInterval(() => undefined, 1000)');
      const stop = new AbortController();
      const work = (await stage.make()).prepare(attempt({ signal: stop.signal })).catch((error: unknown) => error);
      while (stage.fakes.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      stop.abort(new Error('given up'));
      expect(await work).to.have.property('message', 'given up');
      expect(stage.fakes.clock.pending).to.equal(0);
    });
  });

  describe('roles', () => {
    it('source_profile assumes the role with the keys of the other profile, again shortly before its end', async () => {
      const base = stage.planted(stage.sts.user('base'));
      await credentials(`[base]\n${keys(base)}`);
      await config(
        `[default]\nrole_arn = ${ROLE}\nsource_profile = base\nexternal_id = e-1\nrole_session_name = s-1\n`,
      );
      const method = await stage.make();
      const one = signerOf(await method.prepare(attempt()));
      expect(signerOf(await method.prepare(attempt()))).to.equal(one);
      expect(stage.sts.calls).to.deep.equal([{ action: 'AssumeRole', status: 200, code: '', keyId: base.keyId }]);
      await stage.fakes.clock.advance(56 * 60_000);
      expect(signerOf(await method.prepare(attempt()))).to.not.equal(one);
    });

    it('a profile may be its own source', async () => {
      const base = stage.planted(stage.sts.user('base'));
      await credentials(`[default]\nrole_arn = ${ROLE}\nsource_profile = default\n${keys(base)}`);
      expect(signerOf(await stage.plan())).to.match(/^ASIA/);
    });

    it('credential_source = Environment assumes the role with what the environment has', async () => {
      const base = stage.planted(stage.sts.user('base'));
      await config(`[profile app]\nrole_arn = ${ROLE}\ncredential_source = EcsContainer\n`);
      stage.ecs.credentials = base;
      stage.env({ AWS_CONTAINER_CREDENTIALS_FULL_URI: stage.ecs.url });
      expect(signerOf(await stage.plan({ profile: 'app' }))).to.match(/^ASIA/);
      expect(stage.sts.calls.at(-1)).to.include({ action: 'AssumeRole', keyId: base.keyId });
    });

    it('web_identity_token_file of a profile is exchanged', async () => {
      const path = await stage.write('token', stage.identityToken());
      await config(`[default]\nrole_arn = ${ROLE}\nweb_identity_token_file = ${path}\n`);
      await stage.plan();
      expect(stage.sts.calls.at(-1)).to.include({ action: 'AssumeRoleWithWebIdentity', status: 200 });
    });

    const broken: readonly [what: string, text: string, words: string][] = [
      [
        'a circle',
        '[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = default\n',
        'it depends on itself: default -> b -> default',
      ],
      [
        'a source that is not there',
        '[default]\nrole_arn = r\nsource_profile = b\n',
        'profile "b" is not usable: it does not exist',
      ],
      [
        'a source without credentials',
        '[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nregion = x\n',
        'source_profile "b" names no credentials',
      ],
      ['a second factor', '[default]\nrole_arn = r\nmfa_serial = m\nsource_profile = b\n', 'second factor'],
      [
        'no source at all',
        '[default]\nrole_arn = r\n',
        'needs source_profile, web_identity_token_file or credential_source (Environment',
      ],
      [
        'a credential_source without any',
        '[default]\nrole_arn = r\ncredential_source = Environment\n',
        'credential_source Environment has none: AWS_ACCESS_KEY_ID is not set',
      ],
      [
        'a credential_source that objects have',
        '[default]\nrole_arn = r\ncredential_source = toString\n',
        'needs source_profile',
      ],
    ];
    for (const [what, text, words] of broken) {
      it(`${what}: ${words}`, async () => {
        await config(text);
        const error = await stage.failure(stage.plan());
        expect(error.act).to.equal('fix-credential');
        expect(error.message).to.include(words);
      });
    }

    it('a key that STS does not know is refused in words (server refusing)', async () => {
      const base = stage.planted(stage.sts.user('base'));
      stage.sts.deactivate(base);
      await credentials(`[base]\n${keys(base)}`);
      await config(`[default]\nrole_arn = ${ROLE}\nsource_profile = base\n`);
      const error = await stage.failure(stage.plan());
      expect(error).to.include({
        code: 'AUTH_CREDENTIAL_INVALID',
        hint: 'the access key does not exist or is not active',
      });
    });

    it('what STS repeats of a request that it cannot verify is masked (5.4)', async () => {
      const base = stage.planted(stage.sts.session('base'));
      const wrong = { ...base, secret: `${base.secret}-wrong` };
      stage.planted(wrong);
      await credentials(`[base]\n${keys(wrong)}`);
      await config(`[default]\nrole_arn = ${ROLE}\nsource_profile = base\n`);
      const error = await stage.failure(stage.plan());
      expect(error.message).to.include('SignatureDoesNotMatch');
      expect(error.hint).to.include('does not belong to the access key');
    });
  });
});
