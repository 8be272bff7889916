// The npm client node-vault, unchanged, speaks to a server through the agent: with a token of its own, and without one.
import { expect } from 'chai';
import nodeVault from 'node-vault';
import { serve, type Served } from './served.js';

type Client = ReturnType<typeof nodeVault>;

/** What of the environment would lead the client elsewhere. */
const FOREIGN = ['VAULT_TOKEN', 'VAULT_ADDR', 'VAULT_PREFIX', 'VAULT_NAMESPACE', 'http_proxy', 'HTTP_PROXY'];

describe('compatibility: node-vault through the agent', () => {
  let served: Served;
  let ownToken: string;
  const environment = new Map<string, string>();

  // a new one each time: some of its calls make the client change its token
  const client = (token?: string): Client => nodeVault({ endpoint: served.url, ...(token !== undefined && { token }) });

  before(async () => {
    for (const name of FOREIGN) {
      const value = process.env[name];
      if (value !== undefined) environment.set(name, value);
      delete process.env[name];
    }
    served = await serve();
    const login = client();
    await login.approleLogin({ role_id: served.roleId, secret_id: served.secretId });
    ownToken = login.token;
  });

  after(async () => {
    await served.close();
    for (const [name, value] of environment) process.env[name] = value;
  });

  /** Number of requests for a path that reached the server so far. */
  const reached = (path: string): number =>
    served.server.requests.all.filter((request) => request.path === path).length;

  it('logs in with approle and goes on with the token', async () => {
    expect(ownToken).to.match(/^(hvs|s)\./);
    const { data } = await client(ownToken).tokenLookupSelf();
    expect(data).to.include({ id: ownToken, path: 'auth/approle/login' });
  });

  it('refuses a wrong secret id as the server does', async () => {
    const wrong = client().approleLogin({ role_id: served.roleId, secret_id: 'wrong' });
    const error = await wrong.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.have.nested.property('response.statusCode', 400);
  });

  for (const [who, of] of [
    ['without a token', () => client()],
    ['with a token of its own', () => client(ownToken)],
  ] as const) {
    describe(who, () => {
      const folder = who.replaceAll(' ', '-');

      it('writes, reads, lists (by the verb LIST and by query) and deletes in kv 2', async () => {
        await of().write(`secret/data/${folder}/one`, { data: { user: 'u', 'p\u00e4ss': '\u20ac' } });
        await of().write(`secret/data/${folder}/two`, { data: {} });
        expect((await of().read(`secret/data/${folder}/one`)).data.data).to.deep.equal({
          user: 'u',
          'p\u00e4ss': '\u20ac',
        });
        expect((await of().list(`secret/metadata/${folder}`)).data.keys).to.deep.equal(['one', 'two']);
        expect((await of().read(`secret/metadata/${folder}?list=true`)).data.keys).to.deep.equal(['one', 'two']);
        await of().delete(`secret/metadata/${folder}/two`);
        expect((await of().list(`secret/metadata/${folder}`)).data.keys).to.deep.equal(['one']);
      });

      it('patches in kv 2', async () => {
        await of().write(`secret/data/${folder}/patched`, { data: { a: 1, b: 2 } });
        await of().update(`secret/data/${folder}/patched`, { data: { b: null, c: 3 } });
        expect((await of().read(`secret/data/${folder}/patched`)).data.data).to.deep.equal({ a: 1, c: 3 });
      });

      it('writes, reads and lists in kv 1, always freshly', async () => {
        for (const value of ['old', 'new']) {
          await of().write(`kv/${folder}`, { value });
          expect((await of().read(`kv/${folder}`)).data).to.deep.equal({ value });
        }
        expect((await of().list('kv')).data.keys).to.include(folder);
      });

      it('gets the error of the server for what is not there', async () => {
        const error = await of()
          .read('secret/data/none')
          .then(
            () => undefined,
            (reason: unknown) => reason,
          );
        expect(error).to.have.nested.property('response.statusCode', 404);
      });

      for (const path of ['database/creds/app', 'aws/creds/readonly']) {
        it(`reads ${path} once for many, renews and revokes the lease`, async () => {
          const before = reached(path);
          const first = await of().read(path);
          const again = await of().read(path);
          expect(again.lease_id).to.equal(first.lease_id);
          expect(reached(path)).to.equal(before + 1);
          const renewed = await of().renew({ lease_id: first.lease_id, increment: 60 });
          expect(renewed).to.include({ lease_id: first.lease_id, renewable: true });
          await of().revoke({ lease_id: first.lease_id });
          const fresh = await of().read(path);
          expect(fresh.lease_id).to.not.equal(first.lease_id);
          expect(reached(path)).to.equal(before + 2);
        });
      }

      it('wraps an answer and unwraps it once', async () => {
        await of().write(`secret/data/${folder}/wrapped`, { data: { user: 'w' } });
        const headers = { 'X-Vault-Wrap-TTL': '60' };
        const { wrap_info: wrapped } = await of().read(`secret/data/${folder}/wrapped`, { headers });
        const unwrap = (): Promise<{ data: { data: unknown } }> => client(wrapped.token).unwrap();
        expect((await unwrap()).data.data).to.deep.equal({ user: 'w' });
        const error = await unwrap().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).to.have.nested.property('response.statusCode', 400);
      });

      it('creates a token, looks it up and revokes it', async () => {
        const { auth } = await of().tokenCreate({ ttl: '5m', policies: ['default'] });
        const made = client(auth.client_token);
        expect((await made.tokenLookupSelf()).data.id).to.equal(auth.client_token);
        expect((await made.tokenRenewSelf()).auth.client_token).to.equal(auth.client_token);
        await made.tokenRevokeSelf();
        const error = await made.tokenLookupSelf().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).to.have.nested.property('response.statusCode', 403);
      });

      it('asks for help, health and status', async () => {
        expect(await of().help('secret'))
          .to.have.property('help')
          .that.is.a('string');
        expect(await of().health()).to.include({ initialized: true, sealed: false });
        expect(await of().status()).to.include({ sealed: false });
      });
    });
  }

  it("never sees the agent's own token", async () => {
    const { data } = await client().tokenLookupSelf();
    expect(data).to.not.have.any.keys('id', 'accessor');
    expect(data).to.include({ path: 'auth/approle/login' });
    expect((await client().tokenRenewSelf()).auth).to.include({ client_token: '', accessor: '' });
  });
});
