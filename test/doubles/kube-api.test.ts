// The API double proves nothing unless it refuses what the real one refuses: each of its rules is broken here once (auth-wire 11.1).
import { expect } from 'chai';
import { callService } from '../../core/sdk/index.js';
import { VirtualClock } from '../../core/sdk/testing/index.js';
import { KubeApi } from './kube-api.js';

const APPLY = 'application/apply-patch+yaml';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('double: Kubernetes API', () => {
  let clock: VirtualClock;
  let api: KubeApi;
  let bearer: string;
  beforeEach(async () => {
    clock = new VirtualClock(Date.UTC(2026, 0, 1));
    api = new KubeApi(() => clock.now());
    await api.http.open();
    api.account('shop', 'web', 'secrets:patch:token', 'secrets:get:token', 'serviceaccounts/token:create:web');
    bearer = api.token('shop', 'web');
  });
  afterEach(() => api.http.close());

  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    more: { readonly type?: string; readonly bearer?: string; readonly ca?: string } = {},
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const headers = {
      Authorization: `Bearer ${more.bearer ?? bearer}`,
      'Content-Type': more.type ?? 'application/json',
    };
    const call = {
      method,
      headers,
      clock,
      ca: more.ca ?? api.ca,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const answer = await callService({ ...call, url: `${api.http.url}${path}` });
    return { status: answer.status, text: answer.body.reveal() };
  };
  const SECRET = '/api/v1/namespaces/shop/secrets/token';
  const apply = (data: Readonly<Record<string, string>>, manager = 'claviger', more: object = {}, query = '') =>
    ask(
      'PATCH',
      `${SECRET}?fieldManager=${manager}${query}`,
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token' }, data, ...more },
      { type: APPLY },
    );

  it('creates a Secret by apply, then changes it; a key that is left out later goes', async () => {
    expect((await apply({ a: base64('1'), b: base64('2') })).status).to.equal(201);
    expect((await apply({ a: base64('3') })).status).to.equal(200);
    expect([api.secrets.text('shop', 'token', 'a'), api.secrets.text('shop', 'token', 'b')]).to.deep.equal([
      '3',
      undefined,
    ]);
    expect(JSON.parse((await ask('GET', SECRET)).text)).to.deep.include({ data: { a: base64('3') }, type: 'Opaque' });
  });

  it('a field of another manager with another value is a conflict that names both; force takes it over', async () => {
    await apply({ a: base64('1') });
    api.secrets.write('shop', 'token', 'kubectl-edit', { a: 'theirs' });
    const refused = await apply({ a: base64('1') });
    expect(refused.status).to.equal(409);
    expect(refused.text).to.contain('kubectl-edit').and.contain('.data.a');
    expect(api.secrets.text('shop', 'token', 'a')).to.equal('theirs');
    expect((await apply({ a: base64('1') }, 'claviger', {}, '&force=true')).status).to.equal(200);
    expect(api.secrets.owners('shop', 'token', 'a')).to.deep.equal(['claviger']);
  });

  it('the same value is owned together, and stays when one leaves', async () => {
    await apply({ a: base64('1') }, 'one');
    await apply({ a: base64('1') }, 'two');
    expect(api.secrets.owners('shop', 'token', 'a')).to.deep.equal(['one', 'two']);
    await apply({}, 'one');
    expect(api.secrets.text('shop', 'token', 'a')).to.equal('1');
  });

  const refusals: readonly [name: string, question: () => Promise<{ readonly status: number }>, status: number][] = [
    ['no bearer', () => ask('GET', SECRET, undefined, { bearer: '' }), 401],
    ['a bearer that it did not issue', () => ask('GET', SECRET, undefined, { bearer: 'a.b.c' }), 401],
    ['an expired bearer', () => (clock.jump(3_600_000), ask('GET', SECRET)), 401],
    [
      'a bearer for another audience',
      () => ask('GET', SECRET, undefined, { bearer: api.token('shop', 'web', { audiences: ['vault'] }) }),
      401,
    ],
    ['a revoked bearer', () => (api.revoke('shop', 'web'), ask('GET', SECRET)), 401],
    [
      'another secret than allowed',
      () => ask('PATCH', '/api/v1/namespaces/shop/secrets/other?fieldManager=m', {}, { type: APPLY }),
      403,
    ],
    ['another namespace', () => ask('GET', '/api/v1/namespaces/kube-system/secrets/token'), 403],
    ['a token for another account', () => ask('POST', '/api/v1/namespaces/shop/serviceaccounts/root/token', {}), 403],
    [
      'a token review without the permission',
      () => ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {}),
      403,
    ],
    ['a Secret that is not there', () => ask('GET', SECRET), 404],
    [
      'another kind of patch',
      () => ask('PATCH', `${SECRET}?fieldManager=m`, {}, { type: 'application/merge-patch+json' }),
      415,
    ],
    ['an apply without a manager', () => apply({}, ''), 422],
    ['data that is not base64', () => apply({ a: '%' }), 422],
    ['another name in the object', () => apply({}, 'm', { metadata: { name: 'x' } }), 422],
    ['no kind', () => apply({}, 'm', { kind: undefined }), 422],
    ['an immutable Secret', () => (api.secrets.freeze('shop', 'token'), apply({})), 422],
  ];
  for (const [name, question, status] of refusals)
    it(`refuses ${name} with ${String(status)}`, async () => {
      expect((await question()).status).to.equal(status);
    });

  it('a client that trusts another authority does not connect', async () => {
    const other = new KubeApi(() => clock.now());
    const error: unknown = await ask('GET', SECRET, undefined, { ca: other.ca }).catch((reason: unknown) => reason);
    expect(error).to.have.property('code', 'SERVICE_UNREACHABLE');
    expect(api.http.requests).to.equal(0);
  });
});
