// oci with an API key: where each value comes from, what is refused before it is sent, when another key is noticed.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type AgentError, type AuthMethod } from '../../../core/sdk/index.js';
import { makeCertificate, makeFakes, settle, type Fakes } from '../../../core/sdk/testing/index.js';
import { md5Fingerprint } from '../../../plugins/auth-method/oci/rsa-key.js';
import { OciIdentity } from '../../doubles/oci-identity.js';
import { until } from '../../scenario/until.js';
import { LOGIN, failureOf, headersOf, keyIdOf, makeOci } from './oci-rig.js';

describe('auth method oci: apikey', function () {
  this.timeout(20_000);
  let dir: string;
  let fakes: Fakes;
  let pem: string;
  let other: string;
  before(() => {
    const make = (): string =>
      generateKeyPairSync('rsa', { modulusLength: 2048 })
        .privateKey.export({ type: 'pkcs1', format: 'pem' })
        .toString();
    [pem, other] = [make(), make()];
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-oci-'));
    fakes = makeFakes(Date.UTC(2026, 2, 1));
    fakes.env.set('HOME', dir);
    await writeFile(join(dir, 'key.pem'), pem, { mode: 0o600 });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const make = (): Promise<AuthMethod> => makeOci(fakes, { type: 'apikey' });
  const failure = (method: AuthMethod, secrets = [pem, other]): Promise<AgentError> =>
    failureOf(method, fakes, secrets);
  const turn = (isThere: () => boolean): Promise<unknown> => until(String(isThere), isThere);
  const md5 = (text: string): string => md5Fingerprint(createPrivateKey(text)) ?? '';
  const usual = (more: Record<string, string | undefined> = {}): string => {
    const values = { tenancy: 't-file', user: 'u-file', fingerprint: 'f-file', key_file: '~/key.pem', ...more };
    const lines = Object.entries(values).map(([name, value]) => (value === undefined ? '' : `${name}=${value}`));
    return `[DEFAULT]\n${lines.join('\n')}\n`;
  };
  const put = async (folder: string, text: string): Promise<string> => {
    await mkdir(join(dir, folder), { recursive: true });
    await writeFile(join(dir, folder, 'config'), text);
    return join(dir, folder, 'config');
  };
  const env = (values: Record<string, string>): void =>
    Object.entries(values).forEach(([name, value]) => fakes.env.set(`OCI_${name}`, value));
  const ALL = { tenancy_ocid: 't-env', user_ocid: 'u-env', fingerprint: 'f-env', private_key_path: '~/key.pem' };

  it('takes each value from the first source that has it, and says which gave what (auth-wire 9.2, 5.7)', async () => {
    env({ tenancy_ocid: 't-env', fingerprint: 'f-env' });
    await put('.oci', usual({ user: undefined }));
    await put('.oraclebmc', usual({ user: 'u-old', tenancy: 't-old' }));
    const method = await make();
    expect(await keyIdOf(method)).to.equal('t-env/u-old/f-env');
    expect((await method.prepare(LOGIN)).trail).to.deep.equal([
      { source: 'environment variables OCI_*', outcome: 'gave tenancy, fingerprint' },
      { source: join(dir, '.oci', 'config'), outcome: 'gave key_file' },
      { source: join(dir, '.oraclebmc', 'config'), outcome: 'gave user' },
    ]);
  });

  it('reads no file when the environment has everything', async () => {
    env(ALL);
    await mkdir(join(dir, '.oci', 'config'), { recursive: true });
    const method = await make();
    expect(await keyIdOf(method)).to.equal('t-env/u-env/f-env');
    expect((await method.prepare(LOGIN)).trail).to.have.length(1);
  });

  it('reads OCI_CONFIG_FILE only where ~/.oci/config is not there (auth-wire 9.2)', async () => {
    fakes.env.set('OCI_CONFIG_FILE', await put('elsewhere', usual({ user: 'u-elsewhere' })));
    expect(await keyIdOf(await make())).to.equal('t-file/u-elsewhere/f-file');
    await put('.oci', usual());
    expect(await keyIdOf(await make())).to.equal('t-file/u-file/f-file');
  });

  it('signs what a server can verify with the public key, anew for each attempt (5.6)', async () => {
    const identity = new OciIdentity(fakes.clock);
    await identity.open();
    try {
      env(ALL);
      const publicKey = createPublicKey(pem).export({ format: 'pem', type: 'spki' }).toString();
      const caller = { publicKey, tenancy: 't-env', subject: 'u-env', type: 'user', groups: [] } as const;
      identity.callers.set('t-env/u-env/f-env', caller);
      const method = await make();
      const verified = async (requestHeaders: unknown): Promise<string> => {
        const url = `${identity.url}/v1/authentication/authenticateClient`;
        const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ requestHeaders }) });
        return answer.status === 200 ? 'yes' : ((await answer.json()) as { message: string }).message;
      };
      const first = headersOf(await method.prepare(LOGIN));
      expect(await verified(first)).to.equal('yes');
      expect(await verified({ ...first, Host: ['other'] })).to.contain('Failed to verify');
      expect(await verified({ ...first, Authorization: ['Signature version="1"'] })).to.contain('incorrect');
      await fakes.clock.advance(301_000);
      expect(await verified(first)).to.contain('clock skew');
      expect(await verified(headersOf(await method.prepare(LOGIN)))).to.equal('yes');
    } finally {
      await identity.close();
    }
  });

  it('uses the session token of a profile without a user', async () => {
    await writeFile(join(dir, 'session'), 'a.session.token\n');
    await put('.oci', usual({ user: undefined, fingerprint: undefined, security_token_file: '~/session' }));
    expect(await keyIdOf(await make())).to.equal('ST$a.session.token');
  });

  it('opens an encrypted key with the passphrase of the profile, which may hold "="', async () => {
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'pass=phrase=' };
    const encrypted = createPrivateKey(pem)
      .export({ type: 'pkcs8', format: 'pem', ...cipher })
      .toString();
    await writeFile(join(dir, 'key.pem'), encrypted);
    await put('.oci', usual({ pass_phrase: 'pass=phrase=' }));
    expect(await keyIdOf(await make())).to.equal('t-file/u-file/f-file');
    await put('.oci', usual({ passphrase: 'another-phrase' }));
    expect((await failure(await make(), ['another-phrase'])).message).to.contain('passphrase does not open it');
    await put('.oci', usual());
    expect((await failure(await make())).message).to.contain('pass_phrase is not set');
  });

  it('is one credential for the lock-out while key and ids are the same (5.1)', async () => {
    env(ALL);
    const method = await make();
    const credential = async (): Promise<string | undefined> => (await method.prepare(LOGIN)).credential?.reveal();
    const first = await credential();
    await fakes.clock.advance(5000);
    expect(await credential()).to.equal(first);
    await writeFile(join(dir, 'key.pem'), other);
    expect(await credential()).to.not.equal(first);
  });

  it('says what is missing and what each source answered (5 bad input)', async () => {
    env({ tenancy_ocid: 't-env', private_key_path: '~/key.pem' });
    await put('.oci', '[OTHER]\nuser=x\n');
    await mkdir(join(dir, '.oraclebmc', 'config'), { recursive: true });
    const error = await failure(await make());
    expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
    expect(error.message).to.contain('no user, fingerprint of an API key found');
    expect(error.message).to.contain('environment variables OCI_* (gave tenancy, key_file)');
    expect(error.message).to.contain('.oci/config (nothing that is missing in profile DEFAULT)');
    expect(error.message).to.contain('it is a directory').and.contain('.obmcs/config (does not exist)');
    expect(error.hint).to.contain('OCI_user_ocid');
  });

  const broken: readonly [title: string, text: () => string, code: string, says: string][] = [
    ['that is empty', () => '', 'AUTH_CREDENTIAL_EMPTY', 'key_file'],
    ['that is none', () => pem.replace(/\n[A-Za-z]/, '\n!'), 'AUTH_CREDENTIAL_INVALID', 'not a PEM private key'],
    ['of another kind', () => makeCertificate({ name: 'ec' }).key, 'AUTH_CREDENTIAL_INVALID', 'not an RSA key'],
  ];
  for (const [title, text, code, says] of broken) {
    it(`refuses a key ${title} by file, without quoting it (5 bad input, 5.4)`, async () => {
      env(ALL);
      await writeFile(join(dir, 'key.pem'), text());
      const error = await failure(await make());
      expect(error).to.include({ code, act: 'fix-credential' });
      expect(error.message).to.contain(says).and.contain(dir);
    });
  }

  it('refuses a key whose fingerprint is another one than the configured', async () => {
    env({ ...ALL, fingerprint: md5(other) });
    const error = await failure(await make());
    expect(error.message).to.contain(`its fingerprint is ${md5(pem)}, not ${md5(other)}`);
    env({ fingerprint: md5(pem).toUpperCase() });
    expect(await keyIdOf(await make())).to.contain('t-env/u-env/');
  });

  it('looks every minute, tells of another key only, and keeps the old one while there is none (auth-wire 9.1)', async () => {
    await put('.oci', usual());
    const method = await make();
    await method.prepare(LOGIN);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    let yielded = false;
    const next = changes?.next().then(() => (yielded = true));
    await settle();
    const minute = async (isThere: () => boolean): Promise<void> => {
      await fakes.clock.advance(60_000);
      await turn(isThere);
    };
    await minute(() => fakes.clock.nextInMs === 60_000);
    expect(yielded).to.equal(false);
    await rm(join(dir, 'key.pem'));
    await minute(() => fakes.log.lines.length === 1 && fakes.clock.nextInMs === 60_000);
    expect(fakes.log.lines[0]).to.include({ level: 'warn', message: 'credentials could not be read again' });
    await writeFile(join(dir, 'key.pem'), other);
    await minute(() => yielded);
    await next;
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
    expect(fakes.clock.pending).to.equal(0);
  });
});
