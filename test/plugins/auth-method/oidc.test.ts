// oidc beyond the conformance suite: proofs that a provider verifies, what it may answer, and that no secret of it is repeated.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, Secret, describeError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeCertificate, makeFakes, show, type Fakes } from '../../../core/sdk/testing/index.js';
import type { OidcClient } from '../../doubles/oidc-provider.js';
import { OidcProvider } from '../../doubles/oidc-provider.js';
import { spellingsOf } from '../../scenario/collector.js';

const MANIFEST = new URL('../../../plugins/auth-method/oidc/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};
const SECRET = 'pl4nted: "s3cret"+/% wörd&x=y';
const ID = 'shop agent:1';

describe('auth method oidc', () => {
  let dir: string;
  let fakes: Fakes;
  let provider: OidcProvider;
  let path: string;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-oidc-'));
    path = join(dir, 'credential');
    fakes = makeFakes(Date.UTC(2026, 0, 1));
    provider = new OidcProvider(() => fakes.clock.now());
    await provider.http.open();
    await writeFile(path, `${SECRET}\n`, { mode: 0o600 });
    register({});
  });
  afterEach(async () => {
    await provider.http.close();
    await rm(dir, { recursive: true, force: true });
  });

  const register = (client: Partial<OidcClient>): void => {
    provider.clients.set(ID, {
      authentication: 'client_secret_basic',
      secret: SECRET,
      audiences: ['vault', 'other'],
      ...client,
    });
  };
  const withSecret = (): object => ({
    issuer: provider.http.url,
    client_id: ID,
    client_secret_file: path,
    role: 'app',
  });
  const withKey = (): object => ({ issuer: provider.http.url, client_id: ID, private_key_file: path, role: 'app' });
  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes })).plugin;
  const claimsOf = async (method: AuthMethod): Promise<Record<string, unknown>> => {
    const plan = await method.prepare(LOGIN);
    const jwt = 'body' in plan ? (plan.body as { jwt: string }).jwt : '';
    return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
  };
  /** The error, after a search for the credential in any spelling in it, in its causes and in the log. */
  const failureOf = async (method: AuthMethod, secrets: readonly string[] = [SECRET]): Promise<AgentError> => {
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    if (!(error instanceof AgentError)) throw new Error(`no AgentError but ${show(error)}`);
    const text = `${describeError(error)} ${show(error)} ${fakes.log.text()}`;
    for (const spelling of secrets.flatMap(spellingsOf)) expect(text.includes(spelling), text).to.equal(false);
    return error;
  };

  it('discovers the token endpoint and logs in with the access token', async () => {
    const method = await make({ ...withSecret(), audience: 'other' });
    const plan = await method.prepare(LOGIN);
    expect(plan).to.deep.include({ login: 'auth/jwt/login', show: ['role'] });
    expect(plan.trail).to.deep.equal([
      { source: path, outcome: 'read' },
      { source: provider.tokenUrl, outcome: 'gave an access_token' },
    ]);
    expect('body' in plan && plan.body).to.have.all.keys('role', 'jwt');
    expect(await claimsOf(method)).to.include({ sub: ID, aud: 'other', iss: provider.http.url });
  });

  it('asks the named token endpoint without discovery, and anew for each attempt (5.6)', async () => {
    const method = await make({ ...withSecret(), issuer: undefined, token_url: provider.tokenUrl });
    await method.prepare(LOGIN);
    await method.prepare(LOGIN);
    expect([provider.granted, provider.http.requests]).to.deep.equal([2, 2]);
  });

  it('sends a secret in the body when told to', async () => {
    register({ authentication: 'client_secret_post' });
    expect(await claimsOf(await make({ ...withSecret(), client_authentication: 'post' }))).to.include({ sub: ID });
    expect(await failureOf(await make(withSecret()))).to.include({ code: 'AUTH_CREDENTIAL_INVALID' });
  });

  it('takes the secret from the settings too', async () => {
    const { client_secret_file: _file, ...others } = withSecret() as Record<string, unknown>;
    const plan = await (await make({ ...others, client_secret: new Secret(SECRET) })).prepare(LOGIN);
    expect(plan.trail?.[0]).to.deep.equal({ source: 'client_secret', outcome: 'from the configuration' });
  });

  it('asks for scopes, and uses the id token when told to', async () => {
    register({ scopes: ['openid', 'deploy'] });
    expect(await claimsOf(await make({ ...withSecret(), scope: ['deploy'] }))).to.include({
      scope: 'deploy',
      aud: 'vault',
    });
    const id = await make({ ...withSecret(), scope: ['openid deploy'], use: 'id_token' });
    expect(await claimsOf(id))
      .to.include({ aud: ID })
      .and.not.have.property('scope');
    const without = await failureOf(await make({ ...withSecret(), use: 'id_token' }));
    expect(without.message).to.contain('no id_token').and.contain('scope openid');
  });

  const keys: readonly [name: string, pair: { publicKey: KeyObject; privateKey: KeyObject }, settings: object][] = [
    ['RS256 by the type of the key', rsa, {}],
    ['PS256', rsa, { key_algorithm: 'PS256' }],
    ['ES256 by the type of the key', ec, {}],
  ];
  for (const [name, pair, settings] of keys) {
    it(`signs an assertion with ${name} that the provider verifies, a new one for each attempt (5.6, RFC 7523)`, async () => {
      register({ authentication: 'private_key_jwt', publicKey: pair.publicKey });
      await writeFile(path, pem(pair.privateKey), { mode: 0o600 });
      const method = await make({ ...withKey(), key_id: 'k-1', ...settings });
      await method.prepare(LOGIN);
      await method.prepare(LOGIN);
      expect(provider.granted).to.equal(2);
    });
  }

  it('the audience of the assertion may be the issuer', async () => {
    register({ authentication: 'private_key_jwt', publicKey: ec.publicKey });
    await writeFile(path, pem(ec.privateKey), { mode: 0o600 });
    await (await make({ ...withKey(), assertion_audience: provider.http.url })).prepare(LOGIN);
    expect(provider.granted).to.equal(1);
    const error = await failureOf(await make({ ...withKey(), assertion_audience: 'https://elsewhere' }), [
      pem(ec.privateKey),
    ]);
    expect(error.message).to.contain('wrong audience');
  });

  for (const [name, skewMs] of [
    ['behind', 130_000],
    ['ahead', -300_000],
  ] as const) {
    it(`a clock that is far ${name} is refused, and the error says to look at the clock`, async () => {
      register({ authentication: 'private_key_jwt', publicKey: ec.publicKey });
      await writeFile(path, pem(ec.privateKey), { mode: 0o600 });
      await provider.http.close();
      provider = new OidcProvider(() => fakes.clock.now() + skewMs);
      await provider.http.open();
      register({ authentication: 'private_key_jwt', publicKey: ec.publicKey });
      const error = await failureOf(await make(withKey()), [pem(ec.privateKey).split('\n')[1]!]);
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(describeError(error)).to.contain('clock');
    });
  }

  const brokenKeys: readonly [content: string, why: string][] = [
    ['nonsense-of-a-key', 'not a PEM private key'],
    ['-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----', 'passphrase'],
    [pem(generateKeyPairSync('ed25519').privateKey), 'neither an RSA key nor an EC key'],
    [pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey), 'neither an RSA key nor an EC key'],
  ];
  for (const [content, why] of brokenKeys) {
    it(`a key is refused before anything is sent to the token endpoint: ${why}`, async () => {
      await writeFile(path, content, { mode: 0o600 });
      const error = await failureOf(
        await make(withKey()),
        content.split('\n').filter((line) => line.length > 8 && !line.startsWith('--')),
      );
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential', at: path });
      expect(error.message).to.contain(why).and.contain(path);
      expect(provider.granted).to.equal(0);
    });
  }

  it('a key that does not fit the algorithm of the settings is refused', async () => {
    await writeFile(path, pem(ec.privateKey), { mode: 0o600 });
    expect((await failureOf(await make({ ...withKey(), key_algorithm: 'PS256' }))).message).to.contain('PS256');
  });

  it('a refusal shows what the provider said, never the secret that it repeats (5.4)', async () => {
    provider.echoes = true;
    for (const way of ['basic', 'post']) {
      register({ secret: 'another' });
      const error = await failureOf(await make({ ...withSecret(), client_authentication: way }));
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(describeError(error)).to.contain('401').and.contain(provider.tokenUrl).and.contain('client_id');
    }
  });

  for (const [settings, said] of [
    [{ scope: ['admin'] }, 'invalid_scope'],
    [{ audience: 'unknown' }, 'invalid_target'],
    [{ client_id: 'nobody' }, 'unknown client'],
  ] as const) {
    it(`${JSON.stringify(settings)} is refused with ${said}`, async () => {
      const error = await failureOf(await make({ ...withSecret(), ...settings }));
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain(said);
    });
  }

  it('an access token without a meaning is not sent to the server, nor shown', async () => {
    provider.opaque = true;
    const error = await failureOf(await make(withSecret()), ['opaque-1-access-token']);
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
    expect(describeError(error)).to.contain('no JSON web token').and.contain('id_token');
  });

  const documents: readonly [change: object, why: string][] = [
    [{ issuer: 'https://somebody.else' }, 'another issuer'],
    [{ issuer: undefined }, 'another issuer'],
    [{ token_endpoint: undefined }, 'no token endpoint'],
    [{ token_endpoint: 'not a URL' }, 'no token endpoint'],
    [{ token_endpoint: 'http://login.example.com/token' }, 'not https'],
    [{ token_endpoint: 'file:///etc/passwd' }, 'not https'],
  ];
  for (const [change, why] of documents) {
    it(`a discovery document with ${JSON.stringify(change)} gets no secret: ${why}`, async () => {
      provider.discovery = change;
      const error = await failureOf(await make(withSecret()));
      expect(error).to.include({ code: 'SERVICE_BAD_ANSWER', act: 'wait' });
      expect(error.message).to.contain(why).and.contain('openid-configuration');
      expect(provider.granted).to.equal(0);
    });
  }

  const troubles = [
    ['html', 'SERVICE_BAD_ANSWER', 'no JSON object'],
    ['error', 'SERVICE_BAD_ANSWER', '500: something broke'],
    ['redirect', 'SERVICE_BAD_ANSWER', '302'],
    ['cut', 'SERVICE_UNREACHABLE', 'cannot be reached'],
    ['huge', 'SERVICE_BAD_ANSWER', 'larger than 65536'],
  ] as const;
  for (const [trouble, code, why] of troubles) {
    for (const step of ['issuer', 'token_url'] as const) {
      it(`the ${step} in trouble (${trouble}) is ${code}, something to wait for (5.5)`, async () => {
        provider.http.trouble = trouble;
        const where = step === 'issuer' ? {} : { issuer: undefined, token_url: provider.tokenUrl };
        const error = await failureOf(await make({ ...withSecret(), ...where }));
        expect(error).to.include({ code, act: 'wait' });
        expect(error.message).to.contain(why).and.contain(provider.http.url).and.not.contain('Log in here');
      });
    }
  }

  it('a silent provider fails within its bound (5.5)', async () => {
    provider.http.trouble = 'silent';
    const failing = failureOf(await make({ ...withSecret(), timeout: 3000 }));
    while (fakes.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(fakes.clock.nextInMs).to.equal(3000);
    await fakes.clock.advance(3000);
    expect(await failing).to.include({ code: 'SERVICE_TIMEOUT', act: 'wait' });
  });

  it('a provider that is not there is said so', async () => {
    const settings = withSecret();
    await provider.http.close();
    expect(await failureOf(await make(settings))).to.include({ code: 'SERVICE_UNREACHABLE', act: 'wait' });
    await provider.http.open();
  });

  it('trusts the authorities of ca_cert for a provider with a private one, and nobody without', async () => {
    const ca = makeCertificate({ name: 'CA', authority: true });
    await provider.http.close();
    provider = new OidcProvider(() => fakes.clock.now(), makeCertificate({ name: 'localhost', issuer: ca }));
    await provider.http.open();
    register({});
    await writeFile(join(dir, 'ca'), ca.cert);
    await (await make({ ...withSecret(), ca_cert: join(dir, 'ca') })).prepare(LOGIN);
    expect(provider.granted).to.equal(1);
    expect(await failureOf(await make(withSecret()))).to.include({ code: 'SERVICE_UNREACHABLE' });
  });

  it('the lock-out counts by client and secret, not by the token (5.1)', async () => {
    const method = await make(withSecret());
    const [one, two] = [await method.prepare(LOGIN), await method.prepare(LOGIN)];
    expect(one.credential?.equals(two.credential)).to.equal(true);
    register({ secret: 'another' });
    await writeFile(path, 'another');
    expect((await method.prepare(LOGIN)).credential?.equals(one.credential)).to.equal(false);
  });

  it('a new secret in the file is used by the next attempt and told by changes', async () => {
    const method = await make(withSecret());
    await method.prepare(LOGIN);
    const stop = new AbortController();
    const changes = method.changes?.(stop.signal)[Symbol.asyncIterator]();
    const next = changes?.next();
    register({ secret: 'the next one' });
    await writeFile(path, 'the next one\n');
    let yielded = false;
    void next?.then(() => (yielded = true));
    while (!yielded) await fakes.clock.advance(10_000);
    expect(await claimsOf(method)).to.include({ sub: ID });
    stop.abort();
    expect(await changes?.next()).to.include({ done: true });
  });

  it('hints name the role, the client and the mount', async () => {
    const method = await make(withSecret());
    expect(method.hint?.(400, [])).to.contain('role "app"').and.contain(ID).and.contain('auth/jwt');
    expect((await make({ ...withSecret(), role: undefined })).hint?.(403, [])).to.contain('default role');
    expect(method.hint?.(500, [])).to.equal(undefined);
  });
});
