// kubernetes beyond the conformance suite: nothing remembered, nothing warned about, and tokens for an audience.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentError, describeError, type AuthMethod, type LoginAttempt } from '../../../core/sdk/index.js';
import { loadPlugin, makeCertificate, makeFakes, show, type Fakes } from '../../../core/sdk/testing/index.js';
import { serverInPod } from '../../../plugins/auth-method/kubernetes/token-request.js';
import { KubeApi } from '../../doubles/kube-api.js';
import { spellingsOf } from '../../scenario/collector.js';

const MANIFEST = new URL('../../../plugins/auth-method/kubernetes/plugin.json', import.meta.url).href;
const LOGIN: LoginAttempt = {
  signal: new AbortController().signal,
  address: new URL('http://127.0.0.1:8200'),
  namespace: '',
  purpose: 'login',
};

describe('auth method kubernetes', () => {
  let dir: string;
  let path: string;
  let fakes: Fakes;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-kubernetes-'));
    path = join(dir, 'file');
    fakes = makeFakes();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));
  const make = async (settings: object): Promise<AuthMethod> =>
    (await loadPlugin<AuthMethod>(MANIFEST, { settings, fakes })).plugin;
  const codeOf = async (method: AuthMethod): Promise<unknown> => {
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    return error instanceof AgentError ? error.code : error;
  };

  it('reads the token for each login and remembers nothing (5.3)', async () => {
    await writeFile(path, 'sa.o.ne\n');
    const method = await make({ role: 'app', token_path: path });
    expect(await method.prepare(LOGIN)).to.deep.include({
      login: 'auth/kubernetes/login',
      body: { role: 'app', jwt: 'sa.o.ne' },
    });
    await writeFile(path, 'sa.t.wo');
    expect(await method.prepare(LOGIN)).to.deep.include({ body: { role: 'app', jwt: 'sa.t.wo' } });
    await rm(path);
    expect(await codeOf(method)).to.equal('AUTH_CREDENTIAL_MISSING');
  });

  it('does not warn about the mode that Kubernetes itself gives the token', async () => {
    await writeFile(path, 's.a.x');
    await chmod(path, 0o644);
    await (await make({ role: 'app', token_path: path })).prepare(LOGIN);
    expect(fakes.log.lines).to.deep.equal([]);
  });

  it('what is no JSON web token is not sent, and nothing of it shown', async () => {
    await writeFile(path, 'planted-password');
    const error: unknown = await (
      await make({ role: 'app', token_path: path })
    )
      .prepare(LOGIN)
      .catch((reason: unknown) => reason);
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
    expect(show(error)).to.contain(path).and.not.contain('planted');
  });

  it('looks for the token of the pod by default', async () => {
    const method = await make({ role: 'app' });
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    const wanted = '/var/run/secrets/kubernetes.io/serviceaccount/token';
    if (error instanceof AgentError) expect(error.at).to.equal(wanted);
    else expect(error).to.deep.include({ trail: [{ source: wanted, outcome: 'read' }] });
  });
});

describe('auth method kubernetes: a token for an audience (TokenRequest)', () => {
  let dir: string;
  let fakes: Fakes;
  let api: KubeApi;
  let own: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'claviger-kubernetes-'));
    fakes = makeFakes(Date.UTC(2026, 0, 1));
    api = new KubeApi(() => fakes.clock.now());
    await api.http.open();
    api.account('shop', 'web', 'serviceaccounts/token:create:web');
    await mount(api.token('shop', 'web'));
    await writeFile(join(dir, 'ca.crt'), api.ca);
    fakes.env.set('KUBERNETES_SERVICE_HOST', api.host);
    fakes.env.set('KUBERNETES_SERVICE_PORT', api.port);
  });
  afterEach(async () => {
    await api.http.close();
    await rm(dir, { recursive: true, force: true });
  });

  const mount = async (token: string): Promise<void> => {
    own = token;
    await writeFile(join(dir, 'token'), token, { mode: 0o600 });
  };
  const make = async (settings: object = {}): Promise<AuthMethod> => {
    const files = { token_path: join(dir, 'token'), api_ca_cert: join(dir, 'ca.crt') };
    const all = { role: 'app', ...files, audience: ['vault'], ...settings };
    return (await loadPlugin<AuthMethod>(MANIFEST, { settings: all, fakes })).plugin;
  };
  const jwtOf = async (method: AuthMethod): Promise<string> => {
    const plan = await method.prepare(LOGIN);
    return 'body' in plan ? (plan.body as { jwt: string }).jwt : '';
  };
  /** The error, after a search for the token of the pod in any spelling in it, in its causes and in the log. */
  const failureOf = async (method: AuthMethod): Promise<AgentError> => {
    const error: unknown = await method.prepare(LOGIN).catch((reason: unknown) => reason);
    if (!(error instanceof AgentError)) throw new Error(`no AgentError but ${show(error)}`);
    const text = `${describeError(error)} ${show(error)} ${fakes.log.text()}`;
    for (const spelling of spellingsOf(own)) expect(text.includes(spelling), text).to.equal(false);
    return error;
  };

  it('asks the API of the pod, with its token as the bearer and its authority, for the account of that token', async () => {
    const plan = await (await make()).prepare(LOGIN);
    expect(api.tokenRequests).to.deep.equal([{ account: 'shop/web', audiences: ['vault'], seconds: 600 }]);
    expect(plan.trail).to.deep.equal([
      { source: join(dir, 'token'), outcome: 'read' },
      { source: api.http.url, outcome: 'gave a token for "vault"' },
    ]);
    const jwt = 'body' in plan ? (plan.body as { jwt: string }).jwt : '';
    expect(jwt).to.not.equal(own);
    expect(JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString())).to.deep.include({
      aud: ['vault'],
      sub: 'system:serviceaccount:shop:web',
    });
  });

  it('each attempt has a token of its own (5.6), and the lock-out counts by the token of the pod (5.1)', async () => {
    const method = await make();
    const [one, two] = [await method.prepare(LOGIN), await method.prepare(LOGIN)];
    expect(api.tokenRequests).to.have.lengthOf(2);
    expect(one.credential?.equals(two.credential)).to.equal(true);
    await mount(api.token('shop', 'web'));
    expect((await method.prepare(LOGIN)).credential?.equals(one.credential)).to.equal(false);
  });

  it('without an audience the token of the pod itself is sent, and the API is not asked', async () => {
    expect(await jwtOf(await make({ audience: undefined }))).to.equal(own);
    expect(api.http.requests).to.equal(0);
  });

  it('for another account, audience and life, at a named API server', async () => {
    api.account('shop', 'deploy');
    api.account('shop', 'web', 'serviceaccounts/token:create:*');
    fakes.env.set('KUBERNETES_SERVICE_HOST', undefined);
    const settings = { service_account: 'deploy', audience: ['a', 'b'], token_lifetime: 3_600_000 };
    await (await make({ ...settings, api_server: `${api.http.url}/` })).prepare(LOGIN);
    expect(api.tokenRequests).to.deep.equal([{ account: 'shop/deploy', audiences: ['a', 'b'], seconds: 3600 }]);
  });

  it('an account without the permission is refused, and the error says which one', async () => {
    api.account('shop', 'web');
    const error = await failureOf(await make());
    expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
    expect(describeError(error)).to.contain('403').and.contain('serviceaccounts/token').and.contain('"web"');
  });

  const refusals: readonly [name: string, arrange: () => void | Promise<void>, settings: object, said: string][] = [
    ['a dead token of the pod', () => api.revoke('shop', 'web'), {}, '401'],
    ['an expired token of the pod', () => fakes.clock.jump(3_600_000), {}, '401'],
    ['a token of the pod for something else', () => mount(api.token('shop', 'web', { audiences: ['x'] })), {}, '401'],
    [
      'an account that does not exist',
      () => api.account('shop', 'web', 'serviceaccounts/token:create:*'),
      { service_account: 'none' },
      '404',
    ],
    ['a life that the API refuses', () => undefined, { token_lifetime: 60_000 }, '422'],
  ];
  for (const [name, arrange, settings, said] of refusals) {
    it(`${name} is ${said} of the API and something to mend`, async () => {
      await arrange();
      const error = await failureOf(await make(settings));
      expect(error).to.include({ code: 'AUTH_CREDENTIAL_INVALID', act: 'fix-credential' });
      expect(error.message).to.contain(said).and.contain(api.http.url);
    });
  }

  it('outside of a pod the error lists where the address was looked for', async () => {
    fakes.env.set('KUBERNETES_SERVICE_HOST', undefined);
    const error = await failureOf(await make());
    expect(error).to.include({ code: 'AUTH_SOURCE_NONE', act: 'fix-credential' });
    expect(error.message).to.contain('api_server').and.contain('KUBERNETES_SERVICE_HOST');
  });

  it('an API server of another authority gets no token', async () => {
    await writeFile(join(dir, 'ca.crt'), makeCertificate({ name: 'another', authority: true }).cert);
    expect(await failureOf(await make())).to.include({ code: 'SERVICE_UNREACHABLE', act: 'wait' });
    expect(api.http.requests).to.equal(0);
  });

  it('a token that does not say whose it is needs the names in the settings', async () => {
    await mount(api.issuer.sign({ sub: 'somebody' }));
    expect(describeError(await failureOf(await make()))).to.contain('service_account_namespace');
    expect(
      (await failureOf(await make({ service_account: 'web', service_account_namespace: 'shop' }))).message,
    ).to.contain('401');
  });

  for (const [file, code] of [
    ['none', 'AUTH_CREDENTIAL_MISSING'],
    ['empty', 'AUTH_CREDENTIAL_EMPTY'],
    ['.', 'AUTH_CREDENTIAL_UNREADABLE'],
  ] as const) {
    it(`authorities that are ${file}: ${code}, and nothing is asked`, async () => {
      await writeFile(join(dir, 'empty'), '');
      expect(await failureOf(await make({ api_ca_cert: join(dir, file) }))).to.include({ code });
      expect(api.http.requests).to.equal(0);
    });
  }

  for (const [trouble, code, why] of [
    ['html', 'SERVICE_BAD_ANSWER', 'no TokenRequest'],
    ['error', 'SERVICE_BAD_ANSWER', '500: something broke'],
    ['redirect', 'SERVICE_BAD_ANSWER', '302'],
    ['cut', 'SERVICE_UNREACHABLE', 'cannot be reached'],
    ['huge', 'SERVICE_BAD_ANSWER', 'larger than'],
  ] as const) {
    it(`an API server in trouble (${trouble}) is ${code}, something to wait for (5.5)`, async () => {
      api.http.trouble = trouble;
      const error = await failureOf(await make());
      expect(error).to.include({ code, act: 'wait' });
      expect(error.message).to.contain(why).and.contain(api.http.url);
    });
  }

  it('a silent API server fails within its bound (5.5)', async () => {
    api.http.trouble = 'silent';
    const failing = failureOf(await make({ api_timeout: 1500 }));
    while (fakes.clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(fakes.clock.nextInMs).to.equal(1500);
    await fakes.clock.advance(1500);
    expect(await failing).to.include({ code: 'SERVICE_TIMEOUT', act: 'wait' });
  });

  it('IPv6 addresses of pods are put in brackets', () => {
    expect(serverInPod('fd00::1', '443')).to.equal('https://[fd00::1]:443');
    expect(serverInPod('10.0.0.1', undefined)).to.equal('https://10.0.0.1:443');
  });

  it('trail and hint say that the token of the pod has expired', async () => {
    const method = await make({ audience: undefined });
    fakes.clock.jump(3_700_000);
    expect((await method.prepare(LOGIN)).trail?.[0]?.outcome).to.contain('expired 100 s ago');
    expect(method.hint?.(403, [])).to.contain('expired 100 s ago');
  });

  it('hints name the role and what it may be bound to', async () => {
    const method = await make({ audience: undefined });
    await method.prepare(LOGIN);
    expect(method.hint?.(403, [])).to.contain('role "app"').and.contain('audience');
    expect(method.hint?.(400, [])).to.contain('role "app"').and.contain('auth/kubernetes');
    expect(method.hint?.(500, [])).to.equal(undefined);
  });
});
