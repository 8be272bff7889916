import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { rig, type Ask, type Rig } from './rig.js';

interface Review {
  readonly authorization: string;
  readonly url: string;
  readonly spec: { readonly token: string; readonly audiences?: readonly string[] };
}

type Status = Record<string, unknown>;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('dev-server/auth/kubernetes', () => {
  let world: Rig;
  let ask: Ask;
  let api: http.Server;
  let reviews: Review[];
  let status: (review: Review) => Status;
  let code: number;

  beforeEach(async () => {
    world = rig();
    ask = world.ask;
    reviews = [];
    code = 201;
    status = (review) => ({
      authenticated: true,
      audiences: review.spec.audiences,
      user: { username: 'system:serviceaccount:shop:web', uid: 'u-1' },
    });
    api = http.createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const { spec } = JSON.parse(text) as { spec: Review['spec'] };
        const review = { authorization: request.headers.authorization ?? '', url: request.url ?? '', spec };
        reviews.push(review);
        response.writeHead(code).end(JSON.stringify({ kind: 'TokenReview', status: status(review) }));
      });
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const host = `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`;
    await ask('POST', 'sys/auth/kubernetes', { type: 'kubernetes' });
    await ask('POST', 'auth/kubernetes/config', { kubernetes_host: host, token_reviewer_jwt: 'reviewer' });
    await ask('POST', 'auth/kubernetes/role/web', {
      bound_service_account_names: ['web'],
      bound_service_account_namespaces: ['shop'],
      token_policies: ['app'],
    });
  });
  afterEach(() => {
    api.closeAllConnections();
    api.close();
  });

  const jwt = (more: object = {}): string => {
    const nowS = world.clock.now() / 1000;
    const account = { namespace: 'shop', serviceaccount: { name: 'web', uid: 'u-1' } };
    const claims = { aud: ['api'], iat: nowS, exp: nowS + 600, 'kubernetes.io': account, ...more };
    return `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
  };
  const login = (token = jwt(), role = 'web') =>
    ask('POST', 'auth/kubernetes/login', { role, jwt: token }, { token: '' });

  it('asks the API server as the reviewer, with the audiences of the token', async () => {
    const answer = await login();
    expect(answer.auth.policies).deep.equal(['app', 'default']);
    expect(answer.auth.metadata).include({ service_account_name: 'web', service_account_uid: 'u-1', role: 'web' });
    expect(reviews).deep.equal([
      {
        authorization: 'Bearer reviewer',
        url: '/apis/authentication.k8s.io/v1/tokenreviews',
        spec: { token: jwt(), audiences: ['api'] },
      },
    ]);
  });

  const refusals: readonly (readonly [string, () => void])[] = [
    [
      'is not authenticated',
      () => {
        const whole = status;
        status = (review) => ({ ...whole(review), authenticated: false });
      },
    ],
    [
      'has an error',
      () => {
        const whole = status;
        status = (review) => ({ ...whole(review), error: 'x' });
      },
    ],
    [
      'names another account than the token',
      () =>
        (status = (review) => ({
          authenticated: true,
          audiences: review.spec.audiences,
          user: { username: 'system:serviceaccount:shop:other', uid: 'u-1' },
        })),
    ],
    [
      'does not echo an audience',
      () =>
        (status = () => ({ authenticated: true, user: { username: 'system:serviceaccount:shop:web', uid: 'u-1' } })),
    ],
    ['is forbidden', () => (code = 403)],
    ['does not happen', () => api.close()],
  ];
  for (const [title, arrange] of refusals) {
    it(`answers a bare 403 when the review ${title}`, async () => {
      arrange();
      expect(await login()).deep.include({ status: 403, errors: ['permission denied'] });
    });
  }

  it('refuses other accounts, other namespaces and expired tokens without asking', async () => {
    const other = jwt({ 'kubernetes.io': { namespace: 'shop', serviceaccount: { name: 'db', uid: 'u' } } });
    expect((await login(other)).errors).deep.equal(['service account name not authorized']);
    const bank = jwt({ 'kubernetes.io': { namespace: 'bank', serviceaccount: { name: 'web', uid: 'u' } } });
    expect((await login(bank)).errors).deep.equal(['namespace not authorized']);
    expect((await login(jwt({ exp: world.clock.now() / 1000 - 61 }))).status).equal(403);
    expect(reviews).deep.equal([]);
  });

  it('reads tokens of the old form, which carry no times', async () => {
    const old = `${part({ alg: 'RS256' })}.${part({
      'kubernetes.io/serviceaccount/namespace': 'shop',
      'kubernetes.io/serviceaccount/service-account.name': 'web',
      'kubernetes.io/serviceaccount/service-account.uid': 'u-1',
      'kubernetes.io/serviceaccount/secret.name': 'web-token',
    })}.c2ln`;
    expect((await login(old)).auth.metadata).include({ service_account_secret_name: 'web-token' });
    expect(reviews[0]?.spec).deep.equal({ token: old });
  });

  it('refuses roles without bounds', async () => {
    const role = await ask('POST', 'auth/kubernetes/role/x', { bound_service_account_names: '*' });
    expect(role.errors).deep.equal(['"bound_service_account_namespaces" can not be empty']);
  });

  it('lets globs in', async () => {
    const names = { bound_service_account_names: 'w*', bound_service_account_namespaces: '*' };
    await ask('POST', 'auth/kubernetes/role/any', names);
    expect((await login(jwt(), 'any')).status).equal(200);
  });
});
