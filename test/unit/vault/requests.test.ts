import { expect } from 'chai';
import { Secret, type AgentError, type VaultAnswer } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/virtual-clock.js';
import { client, config, json, upstream, type Answer, type Upstream } from './rig.js';

describe('vault/requests', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const rig = async (answer: Answer, over: Parameters<typeof config>[1] = {}, clock?: VirtualClock) => {
    const server = await upstream(answer);
    closing.push(() => server.close());
    const made = client(config(server.url, over), clock);
    closing.push(() => made.close());
    return { server, made, vault: made.vault('auto-auth') };
  };
  const failing = (promise: Promise<unknown>): Promise<AgentError> =>
    promise.then(
      () => expect.fail('there was an answer'),
      (error: unknown) => error as AgentError,
    );
  const sent = (server: Upstream): Record<string, string> => {
    const list = server.seen.at(-1)?.headers ?? [];
    return Object.fromEntries(
      list.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), list[i + 1]]] : [])) as [string, string][],
    );
  };

  it('sends JSON with the request header, the namespace and only the token of the call', async () => {
    const { server, vault } = await rig(json(200, { data: 1 }), { namespace: '/ns1' });
    const answer = await vault.request('PUT', 'auth/x/login', {
      body: { a: 1 },
      token: new Secret('t'),
      headers: { 'X-Vault-Wrap-TTL': '5m0s' },
    });
    expect(answer.body).to.deep.equal({ data: 1 });
    expect(server.seen[0]).to.include({ method: 'PUT', url: '/v1/auth/x/login', body: '{"a":1}' });
    const headers = sent(server);
    expect(headers).to.include({
      'x-vault-request': 'true', 'x-vault-namespace': 'ns1/', 'x-vault-token': 't', 'content-type': 'application/json', 'x-vault-wrap-ttl': '5m0s',
    }); // prettier-ignore
    expect(headers['user-agent']).to.match(/^Claviger Auto-Auth\/0\.0\.1 /);
  });
  it('sends no token and no namespace that nobody asked for; the namespace of the call wins', async () => {
    const { server, vault } = await rig(json(200, {}), { namespace: 'ns1' });
    await vault.request('GET', 'a', { namespace: '' });
    expect(sent(server)).not.to.have.any.keys('x-vault-token', 'x-vault-namespace', 'content-type');
  });
  it('an error of the server is an answer; an empty body is undefined', async () => {
    const { vault } = await rig((request, response) =>
      request.url === '/v1/none'
        ? void response.writeHead(204).end()
        : json(403, { errors: ['no'] })(request, response),
    );
    expect(await vault.request('GET', 'a')).to.deep.include({ status: 403, body: { errors: ['no'] } });
    expect(await vault.request('GET', 'none')).to.deep.include({ status: 204, body: undefined });
  });
  it('says what came when it was not JSON', async () => {
    const { vault, server } = await rig(
      (_request, response) => void response.writeHead(502, { 'content-type': 'text/html' }).end('<html>'),
    );
    const error = await failing(vault.request('GET', 'a'));
    expect([error.code, error.message]).to.deep.equal([
      'UPSTREAM_BAD_REPLY', `${server.url} did not answer like Vault: it sent status 502 with text/html, not JSON`,
    ]); // prettier-ignore
  });
  it('says that the server speaks TLS when http:// was asked for', async () => {
    const { vault } = await rig(
      (_request, response) => void response.writeHead(400).end('Client sent an HTTP request to an HTTPS server.\n'),
    );
    expect((await failing(vault.request('GET', 'a'))).hint).to.equal(
      'the server speaks TLS: write https:// in vault.address',
    );
  });
  it('an answer that breaks off is UPSTREAM_UNREACHABLE', async () => {
    const { vault } = await rig((request, response) => {
      response.writeHead(200, { 'content-length': '50' });
      response.write('{', () => request.socket.destroy());
    });
    expect((await failing(vault.request('GET', 'a'))).code).to.equal('UPSTREAM_UNREACHABLE');
  });
  it('bounds the whole answer in time, also one that drips', async () => {
    const clock = new VirtualClock();
    const { vault, server } = await rig((_request, response) => void response.write('{'), {}, clock);
    const waiting = failing(vault.request('GET', 'a', { timeoutMs: 5000 }));
    for (let i = 0; i < 1000 && server.seen.length === 0; i++) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(5100);
    expect((await waiting).message).to.equal(`${server.url} did not answer within 5 s`);
  });
  it('is cancelled by the signal of the call', async () => {
    const { vault } = await rig(() => undefined);
    const control = new AbortController();
    const waiting = failing(vault.request('GET', 'a', { signal: control.signal }));
    control.abort();
    expect((await waiting).code).to.equal('UPSTREAM_CANCELLED');
  });
  it('refuses a token that no header can carry, without showing it', async () => {
    const { vault, server } = await rig(json(200, {}));
    const error = await failing(vault.request('GET', 'a', { token: new Secret('a\nb-secret') }));
    expect(error.code).to.equal('AUTH_CREDENTIAL_INVALID');
    expect(error.message).not.to.contain('b-secret');
    expect(server.seen).to.deep.equal([]);
  });
  it('follows a redirect to the same server, and no other: the token stays here (D-31)', async () => {
    const other = await upstream(json(200, {}));
    closing.push(() => other.close());
    const { vault, server } = await rig((request, response) => {
      if (request.url === '/v1/there') return json(200, { there: true })(request, response);
      response.writeHead(307, { location: request.url === '/v1/away' ? `${other.url}/v1/x` : '/v1/there' }).end();
    });
    const answer: VaultAnswer = await vault.request('PUT', 'here', { body: { a: 1 }, token: new Secret('t') });
    expect([answer.body, server.seen.at(-1)?.body]).to.deep.equal([{ there: true }, '{"a":1}']);
    const error = await failing(vault.request('GET', 'away', { token: new Secret('t') }));
    expect(error.message).to.match(/it redirects to http:\/\/127\.0\.0\.1:\d+, which is not the configured address/);
    expect(other.seen).to.deep.equal([]);
  });
  it('auto-auth never sends again, renewals do', async () => {
    const clock = new VirtualClock();
    let turn = 0;
    const { made, server } = await rig(
      (request, response) => json(turn++ < 2 ? 429 : 200, {})(request, response),
      { retries: 5 },
      clock,
    );
    expect((await made.vault('auto-auth').request('PUT', 'a')).status).to.equal(429);
    let status = 0;
    void made
      .vault('renewal')
      .request('PUT', 'a')
      .then((answer) => (status = answer.status));
    for (let i = 0; i < 100 && status === 0; i++) await clock.advance(200);
    expect([status, server.seen.length, made.counts.by.get('agent.upstream.retries')]).to.deep.equal([200, 3, 1]);
  });
  it('Retry-After holds all calls of the agent itself back', async () => {
    const clock = new VirtualClock();
    let turn = 0;
    const { vault, server } = await rig(
      (request, response) => json(turn++ === 0 ? 429 : 200, {}, { 'retry-after': '7' })(request, response),
      {},
      clock,
    );
    await vault.request('GET', 'a');
    let done = false;
    void vault.request('GET', 'b').then(() => (done = true));
    await clock.advance(6900);
    expect([done, server.seen.length]).to.deep.equal([false, 1]);
    for (let i = 0; i < 50 && !done; i++) await clock.advance(100);
    expect(server.seen.length).to.equal(2);
  });
});
