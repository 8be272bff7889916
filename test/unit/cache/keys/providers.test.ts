import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyProvider } from '../../../../core/cache/keys/create.js';
import { defaultKeyPath } from '../../../../core/cache/keys/key-path.js';
import { stableClaims } from '../../../../core/cache/keys/kubernetes-claims.js';
import type { KeyHost, KeyProvider } from '../../../../core/cache/keys/provider.js';
import type { KeyProviderConfig } from '../../../../core/contracts/agent-config.js';
import { Secret } from '../../../../core/sdk/index.js';
import { LogSpy } from '../../../../core/sdk/testing/log-spy.js';
import { VaultFake, type SeenCall } from '../../../../core/sdk/testing/vault-fake.js';

const dataKey = randomBytes(32);
const binding = Buffer.from('store a');
const codeOf = (task: Promise<unknown>): Promise<string> =>
  task.then(
    () => 'none',
    (error: { code?: string; message: string }) => {
      expect(error.message).not.to.contain(dataKey.toString('base64'));
      return error.code ?? error.message;
    },
  );

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
}
const bound = (uid: string, pod: string, iat: number): string =>
  jwt({
    iat,
    'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'web', uid }, pod: { name: 'web-1', uid: pod } },
  });

describe('cache/keys/providers', () => {
  let folder: string;
  let log: LogSpy;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'claviger-keys-'));
    log = new LogSpy();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const host = (own: Partial<KeyHost> = {}, env: Record<string, string> = {}): KeyHost => ({
    log,
    env: { get: (name) => env[name] },
    uid: 1000,
    scryptLogN: 10,
    ...own,
  });
  const make = (type: KeyProviderConfig['type'], settings: object, with_: KeyHost = host()): KeyProvider =>
    createKeyProvider({ type, settings: settings as Record<string, unknown>, at: 'a.hcl:1:1' }, with_);
  const roundTrip = async (provider: KeyProvider, reader = provider): Promise<void> => {
    const wrapped = await provider.wrap(dataKey, binding);
    expect(Buffer.from(wrapped).includes(dataKey)).to.equal(false);
    expect(Buffer.from(await reader.unwrap(wrapped, binding))).to.deep.equal(dataKey);
    expect(await codeOf(reader.unwrap(wrapped, Buffer.from('store b')))).to.equal('CACHE_UNSEAL_FAILED');
  };

  describe('key_file', () => {
    it('D-17: makes the key with mode 0600 when it wraps first, names it in the log, and keeps it', async () => {
      const path = join(folder, 'conf', 'cache.key');
      const provider = make('key_file', { path });
      await provider.check();
      expect(log.text()).to.contain(path);
      await roundTrip(provider);
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      const text = await readFile(path, 'utf8');
      expect(Buffer.from(text, 'base64')).to.have.length(32);
      await roundTrip(make('key_file', { path }), provider);
      expect(await readFile(path, 'utf8')).to.equal(text);
      expect(log.leaks([text.trim()])).to.deep.equal([]);
    });

    it('two agents that make it at once end with one key', async () => {
      const path = join(folder, 'cache.key');
      const wrapped = await Promise.all([1, 2, 3, 4].map(() => make('key_file', { path }).wrap(dataKey, binding)));
      for (const each of wrapped)
        expect(Buffer.from(await make('key_file', { path }).unwrap(each, binding))).to.deep.equal(dataKey);
    });

    it('never makes a key to open something', async () => {
      const path = join(folder, 'cache.key');
      const wrapped = await make('key_file', { path }).wrap(dataKey, binding);
      await rm(path);
      expect(await codeOf(make('key_file', { path }).unwrap(wrapped, binding))).to.equal('CACHE_KEY_UNAVAILABLE');
      expect(await codeOf(stat(path))).to.equal('ENOENT');
    });

    it('D-17: a key inside the folder of its store is a CONFIG_CONFLICT, also through a link, but with compat', async () => {
      const store = join(folder, 'store');
      await mkdir(store);
      await symlink(store, join(folder, 'link'));
      for (const path of [join(store, 'deep', 'k'), join(folder, 'link', 'k')]) {
        expect(await codeOf(make('key_file', { path }, host({ storeFolder: store })).check())).to.equal(
          'CONFIG_CONFLICT',
        );
        const allowed = host({ storeFolder: store, allowKeyBesideData: true });
        expect(await codeOf(make('key_file', { path }, allowed).check())).to.equal('none');
      }
      const outside = make('key_file', { path: join(folder, 'store.key') }, host({ storeFolder: store }));
      expect(await codeOf(outside.check())).to.equal('none');
    });

    it('a file that others can read is refused with the command that mends it', async () => {
      const path = join(folder, 'cache.key');
      await make('key_file', { path }).wrap(dataKey, binding);
      await chmod(path, 0o640);
      expect(await codeOf(make('key_file', { path }).check())).to.equal('CACHE_KEY_UNAVAILABLE');
      expect(
        await make('key_file', { path })
          .check()
          .catch((e: { hint: string }) => e.hint),
      ).to.contain('chmod 600');
    });

    it('lies in /etc/claviger for root, else in the configuration folder of the user', async () => {
      const env = (vars: Record<string, string>) => ({ get: (name: string) => vars[name] });
      expect(defaultKeyPath({ uid: 0, env: env({ HOME: '/root' }) }, 'k')).to.equal('/etc/claviger/cache.key');
      expect(defaultKeyPath({ uid: 7, env: env({ HOME: '/h', XDG_CONFIG_HOME: '/x' }) }, 'k')).to.equal(
        '/x/claviger/cache.key',
      );
      expect(defaultKeyPath({ uid: 7, env: env({ HOME: '/h', XDG_CONFIG_HOME: 'rel' }) }, 'k')).to.equal(
        '/h/.config/claviger/cache.key',
      );
      expect(await codeOf(make('key_file', {}).check())).to.equal('CACHE_KEY_UNAVAILABLE');
    });
  });

  describe('file and env', () => {
    const key = randomBytes(32);
    const forms: [string, Uint8Array | string][] = [
      ['raw bytes', key],
      ['base64', `${key.toString('base64')}\n`],
      ['base64 of URLs', key.toString('base64url')],
      ['hex', ` ${key.toString('hex')}\r\n`],
    ];
    for (const [name, content] of forms) {
      it(`a file with the key as ${name} opens what the same key sealed`, async () => {
        const path = join(folder, 'k');
        await writeFile(path, content, { mode: 0o600 });
        const fromEnv = make('env', { variable: 'K' }, host({}, { K: key.toString('hex') }));
        await make('file', { path }).check();
        await roundTrip(make('file', { path }), fromEnv);
      });
    }

    it('missing, odd and foreign files are CACHE_KEY_UNAVAILABLE', async () => {
      const path = join(folder, 'k');
      expect(await codeOf(make('file', { path }).check())).to.equal('CACHE_KEY_UNAVAILABLE');
      for (const content of ['', 'short', 'x'.repeat(100_000)]) {
        await writeFile(path, content, { mode: 0o600 });
        expect(await codeOf(make('file', { path }).check())).to.equal('CACHE_KEY_UNAVAILABLE');
      }
      expect(await codeOf(make('file', { path: folder }).check())).to.equal('CACHE_KEY_UNAVAILABLE');
    });

    it('a variable that is not set, or holds no key, is CACHE_KEY_UNAVAILABLE', async () => {
      expect(await codeOf(make('env', { variable: 'K' }).check())).to.equal('CACHE_KEY_UNAVAILABLE');
      expect(await codeOf(make('env', { variable: 'K' }, host({}, { K: 'abc' })).check())).to.equal(
        'CACHE_KEY_UNAVAILABLE',
      );
    });

    it('another key is CACHE_UNSEAL_FAILED', async () => {
      const [a, b] = [key, randomBytes(32)].map((k) =>
        make('env', { variable: 'K' }, host({}, { K: k.toString('hex') })),
      );
      expect(await codeOf(a!.wrap(dataKey, binding).then((w) => b!.unwrap(w, binding)))).to.equal(
        'CACHE_UNSEAL_FAILED',
      );
    });
  });

  describe('passphrase', () => {
    it('opens with the same passphrase from a file or a variable, with a salt of its own each time', async () => {
      const file = join(folder, 'p');
      await writeFile(file, 'correct horse\n', { mode: 0o600 });
      const fromFile = make('passphrase', { file });
      const fromEnv = make('passphrase', { variable: 'P' }, host({}, { P: 'correct horse' }));
      await Promise.all([fromFile.check(), fromEnv.check()]);
      await roundTrip(fromFile, fromEnv);
      const [a, b] = [await fromFile.wrap(dataKey, binding), await fromFile.wrap(dataKey, binding)];
      expect(Buffer.from(a).equals(Buffer.from(b))).to.equal(false);
    });

    it('another passphrase, and a blob that asks for a costly derivation, are CACHE_UNSEAL_FAILED', async () => {
      const wrapped = await make('passphrase', { variable: 'P' }, host({}, { P: 'a' })).wrap(dataKey, binding);
      const other = make('passphrase', { variable: 'P' }, host({}, { P: 'b' }));
      expect(await codeOf(other.unwrap(wrapped, binding))).to.equal('CACHE_UNSEAL_FAILED');
      const costly = Buffer.from(wrapped);
      costly[0] = 30;
      expect(await codeOf(other.unwrap(costly, binding))).to.equal('CACHE_UNSEAL_FAILED');
      expect(await codeOf(other.unwrap(new Uint8Array(0), binding))).to.equal('CACHE_UNSEAL_FAILED');
      expect(await codeOf(make('passphrase', { variable: 'P' }).check())).to.equal('CACHE_KEY_UNAVAILABLE');
    });
  });

  describe('kubernetes', () => {
    const tokenAt = async (text: string): Promise<string> => {
      const path = join(folder, 'token');
      await writeFile(path, text, { mode: 0o644 });
      return path;
    };
    const providerFor = async (token: string, more: object = {}): Promise<KeyProvider> =>
      make('kubernetes', { path: join(folder, 'k'), service_account_token_file: await tokenAt(token), ...more });

    it('D-51: a rotated token, and another pod of the account, open the store; another account does not', async () => {
      const wrapped = await (await providerFor(bound('uid-1', 'pod-1', 1))).wrap(dataKey, binding);
      const unwrap = async (token: string): Promise<string> =>
        codeOf((await providerFor(token)).unwrap(wrapped, binding));
      expect(await unwrap(bound('uid-1', 'pod-1', 2))).to.equal('none');
      expect(await unwrap(bound('uid-1', 'pod-2', 2))).to.equal('none');
      expect(await unwrap(bound('uid-2', 'pod-1', 2))).to.equal('CACHE_UNSEAL_FAILED');
    });

    it('D-51: with bind_pod another pod does not open it', async () => {
      const bind_pod = true;
      const wrapped = await (await providerFor(bound('u', 'pod-1', 1), { bind_pod })).wrap(dataKey, binding);
      const [same, other] = [bound('u', 'pod-1', 2), bound('u', 'pod-2', 2)];
      expect(await codeOf((await providerFor(same, { bind_pod })).unwrap(wrapped, binding))).to.equal('none');
      expect(await codeOf((await providerFor(other, { bind_pod })).unwrap(wrapped, binding))).to.equal(
        'CACHE_UNSEAL_FAILED',
      );
    });

    it('R-15: the claims alone open nothing without the key file', async () => {
      const wrapped = await (await providerFor(bound('u', 'p', 1))).wrap(dataKey, binding);
      await rm(join(folder, 'k'));
      expect(await codeOf((await providerFor(bound('u', 'p', 1))).unwrap(wrapped, binding))).to.equal(
        'CACHE_KEY_UNAVAILABLE',
      );
    });

    it('without a path the key lies in the folder of the store, which the containers of the pod share, mode 0600', async () => {
      const settings = { service_account_token_file: await tokenAt(bound('u', 'p', 1)) };
      const provider = make('kubernetes', settings, host({ storeFolder: folder }));
      await provider.check();
      await roundTrip(provider);
      expect((await stat(join(folder, 'cache.key'))).mode & 0o777).to.equal(0o600);
      await chmod(join(folder, 'cache.key'), 0o660);
      await roundTrip(provider);
      expect((await stat(join(folder, 'cache.key'))).mode & 0o777).to.equal(0o600);
    });

    it('an unreadable or empty token file is found before anything runs', async () => {
      const missing = make('kubernetes', { service_account_token_file: join(folder, 'none') });
      expect(await codeOf(missing.check())).to.equal('CACHE_KEY_UNAVAILABLE');
      expect(await codeOf((await providerFor(' \n')).check())).to.equal('CACHE_KEY_UNAVAILABLE');
    });

    it('reads bound and legacy tokens; texts that are none bind as they are, with a warning', async () => {
      const legacy = jwt({
        'kubernetes.io/serviceaccount/namespace': 'shop',
        'kubernetes.io/serviceaccount/service-account.name': 'web',
        'kubernetes.io/serviceaccount/service-account.uid': 'u',
      });
      expect(stableClaims(legacy)).to.deep.equal({ namespace: 'shop', account: 'web', accountUid: 'u', podUid: '' });
      expect(stableClaims(jwt({ sub: 'system:serviceaccount:shop:web' }))?.account).to.equal('web');
      for (const text of [
        '',
        'a.b.c',
        'a.b',
        jwt({ sub: 'me' }),
        jwt([]),
        `x.${Buffer.from('null').toString('base64url')}.y`,
      ])
        expect(stableClaims(text), text).to.equal(undefined);
      const odd = await providerFor('just text');
      await odd.check();
      await roundTrip(odd);
      expect(log.text()).to.contain('a new one cannot open the cache store');
      expect(log.leaks(['just text'])).to.deep.equal([]);
    });
  });

  describe('transit', () => {
    const wrapping = ({ call }: SeenCall) => ({
      status: 200,
      headers: {},
      body: { data: { ciphertext: `vault:v1:${(call.body as { plaintext: string }).plaintext}` } },
    });
    const unwrapping = ({ call }: SeenCall) => ({
      status: 200,
      headers: {},
      body: { data: { plaintext: (call.body as { ciphertext: string }).ciphertext.slice('vault:v1:'.length) } },
    });
    const transit = (vault: VaultFake, settings: object = { key_name: 'agent' }): KeyProvider =>
      make('transit', settings, host({ vault, token: () => Promise.resolve(new Secret('t')) }));

    it('wraps and unwraps at the server with the token of the agent, under the configured mount', async () => {
      const vault = new VaultFake()
        .on('PUT', 'eng/t/encrypt/my%20key', wrapping)
        .on('PUT', 'eng/t/decrypt/my%20key', unwrapping);
      const provider = transit(vault, { mount: '/eng/t/', key_name: 'my key' });
      expect(provider.needsToken).to.equal(true);
      const wrapped = await provider.wrap(dataKey, binding);
      expect(Buffer.from(await provider.unwrap(wrapped, binding))).to.deep.equal(dataKey);
      expect(await codeOf(provider.unwrap(wrapped, Buffer.from('b')))).to.equal('CACHE_UNSEAL_FAILED');
      expect(vault.calls.every(({ call }) => call.token?.equals(new Secret('t')))).to.equal(true);
    });

    const answers: [string, number, string, string][] = [
      ['403', 403, 'permission denied', 'CACHE_KEY_UNAVAILABLE'],
      ['503', 503, 'sealed', 'CACHE_KEY_UNAVAILABLE'],
      ['400 for a deleted key', 400, 'encryption key not found', 'CACHE_KEY_UNAVAILABLE'],
      ['400 for another key', 400, 'cipher: message authentication failed', 'CACHE_UNSEAL_FAILED'],
      ['200 without data', 200, '', 'CACHE_KEY_UNAVAILABLE'],
    ];
    for (const [name, status, text, code] of answers) {
      it(`${name} is ${code}`, async () => {
        const vault = new VaultFake().on('PUT', 'transit/decrypt/agent', { status, body: { errors: [text] } });
        expect(await codeOf(transit(vault).unwrap(Buffer.from('vault:v1:x'), binding))).to.equal(code);
      });
    }

    it('a server that is away is CACHE_KEY_UNAVAILABLE; a foreign blob is not sent', async () => {
      const vault = new VaultFake().down('PUT', 'transit/encrypt/agent');
      expect(await codeOf(transit(vault).wrap(dataKey, binding))).to.equal('CACHE_KEY_UNAVAILABLE');
      expect(await codeOf(transit(vault).unwrap(Buffer.from('other'), binding))).to.equal('CACHE_UNSEAL_FAILED');
      expect(vault.calls).to.have.length(1);
    });

    it('without an identity it is a CONFIG_CONFLICT', () => {
      expect(() => make('transit', { key_name: 'k' })).to.throw('needs auto_auth');
    });
  });
});
