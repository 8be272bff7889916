import { expect } from 'chai';
import type { Exchange, Reply } from '../../../../core/contracts/exchange.js';
import { clientToken, identityStage, type IdentityOptions } from '../../../../core/proxy/stages/identity.js';
import { agentError, type AgentError } from '../../../../core/sdk/index.js';
import { LogSpy, VirtualClock } from '../../../../core/sdk/testing/index.js';
import { answered, exchange } from '../exchange-fake.js';
import { IdentityFake, state } from '../identity-fake.js';

type Use = IdentityOptions['apiProxy']['useAutoAuthToken'];

describe('the identity stage (spec cache 3.2)', () => {
  const clock = new VirtualClock();
  const make = (use: Use, identity?: IdentityFake, more: Partial<IdentityOptions['apiProxy']> = {}) =>
    identityStage({
      apiProxy: { useAutoAuthToken: use, tokenWaitMs: 10_000, prependConfiguredNamespace: false, ...more },
      identity,
      namespaceDefault: 'team',
      clock,
      log: new LogSpy(),
    });
  const seen = (stage: ReturnType<typeof make>, headers: string[], path = '/v1/secret/data/a'): Exchange => {
    const request = exchange({ headers, path });
    void stage(request, answered);
    return request;
  };

  const token = ['X-Vault-Token', 'hvs.own'];
  const bearer = ['Authorization', 'Bearer hvs.bearer'];
  const rows: [Use, string[], string | undefined, string | undefined][] = [
    ['never', token, 'hvs.own', undefined],
    ['never', [], undefined, undefined],
    ['never', bearer, 'hvs.bearer', undefined],
    ['default', token, 'hvs.own', undefined],
    ['default', [], 'hvs.auto', 'default'],
    ['default', ['X-Vault-Token', ''], 'hvs.auto', 'default'],
    ['default', ['X-Vault-Token', '', ...token], 'hvs.auto', 'default'],
    ['default', ['X-Vault-Token', '', ...bearer, ...token], 'hvs.bearer', undefined],
    ['default', bearer, 'hvs.bearer', undefined],
    ['default', ['authorization', 'bearer hvs.bearer'], 'hvs.bearer', undefined],
    ['default', ['Authorization', 'Negotiate x'], 'hvs.auto', 'default'],
    ['default', [...bearer, ...token], 'hvs.own', undefined],
    ['default', [...token, 'X-Vault-Token', 'hvs.second'], 'hvs.own', undefined],
    ['force', token, 'hvs.auto', 'default'],
    ['force', bearer, 'hvs.auto', 'default'],
  ];
  for (const [use, headers, wantToken, wantIdentity] of rows) {
    it(`${use}: ${headers.join(' ') || 'no token'} -> ${wantToken ?? 'none'} (D-22)`, () => {
      const got = seen(make(use, new IdentityFake('default', state('hvs.auto'))), headers);
      expect([got.token?.reveal(), got.identity]).to.deep.equal([wantToken, wantIdentity]);
    });
  }

  it('strips both kinds of client token with force, and nothing else (D-22)', () => {
    const headers = [...token, ...bearer, 'Authorization', 'Negotiate x', 'Accept', '*/*'];
    const got = seen(make('force', new IdentityFake('default', state('hvs.auto'))), headers);
    expect(got.headers).to.deep.equal(['Authorization', 'Negotiate x', 'Accept', '*/*']);
  });

  it('waits for the first token and then goes on with it (D-22)', async () => {
    const identity = new IdentityFake('default');
    const request = exchange();
    const reply = make('default', identity)(request, answered) as Promise<Reply>;
    identity.publish(state('hvs.first'));
    expect((await reply).status).to.equal(204);
    expect(request.token?.reveal()).to.equal('hvs.first');
    expect(clock.pending).to.equal(0);
  });

  it('gives up after the bound with REQUEST_NOT_READY, also with force (D-22)', async () => {
    for (const use of ['default', 'force'] as const) {
      const failed = (
        make(use, new IdentityFake('default'))(
          exchange({ headers: bearer.slice(use === 'force' ? 0 : 2) }),
          answered,
        ) as Promise<Reply>
      ).catch((error: Error) => error.message);
      await clock.advance(10_001);
      expect(await failed).to.equal('this agent has no token yet');
    }
  });

  it('stops waiting when the client leaves', async () => {
    const leaving = new AbortController();
    const waiting = make('default', new IdentityFake('default'))(
      exchange({ signal: leaving.signal }),
      answered,
    ) as Promise<Reply>;
    leaving.abort(agentError('UPSTREAM_CANCELLED', {}));
    expect(await waiting.catch((error: { code: string }) => error.code)).to.equal('UPSTREAM_CANCELLED');
    expect(clock.pending).to.equal(0);
  });

  it('lets health checks and logins pass before there is a token', () => {
    const stage = make('default', new IdentityFake('default'));
    for (const path of [
      '/v1/sys/health',
      '/v1/ns1/sys/seal-status',
      '/v1/auth/approle/login',
      '/v1/auth/userpass/login/bob',
    ]) {
      expect(stage(exchange({ path }), answered), path).not.to.be.instanceOf(Promise);
    }
  });

  const code = (waiting: Reply | Promise<Reply>): Promise<unknown> =>
    Promise.resolve(waiting).then(
      ({ status }) => status,
      (error: AgentError) => error.code,
    );

  it('never gives out a wrapped token: it waits for a plain one, then gives up (D-22)', async () => {
    const identity = new IdentityFake('default', { ...state('{"wrap_info":{}}'), form: 'wrapped' });
    const got = code(make('default', identity)(exchange(), answered));
    identity.publish({ ...state('{"wrap_info":{}}', 'default', 2), form: 'wrapped' });
    await clock.advance(10_000);
    expect(await got).to.equal('REQUEST_NOT_READY');
    const request = exchange();
    const later = code(make('default', identity)(request, answered));
    identity.publish(state('hvs.plain', 'default', 3));
    expect([await later, request.token?.reveal()]).to.deep.equal([204, 'hvs.plain']);
    expect(clock.pending).to.equal(0);
  });

  it('treats an expired token like none: it waits, then gives up (D-22)', async () => {
    const identity = new IdentityFake('default', { ...state('hvs.old'), expiresAt: clock.now() + 1000 });
    expect(seen(make('default', identity), []).token?.reveal()).to.equal('hvs.old');
    await clock.advance(1000);
    const request = exchange();
    const got = code(make('force', identity)(request, answered));
    await clock.advance(9_999);
    expect(request.token).to.equal(undefined);
    await clock.advance(1);
    expect(await got).to.equal('REQUEST_NOT_READY');
  });

  it('goes on with an expired token that a late renewal has saved (D-22)', async () => {
    const identity = new IdentityFake('default', { ...state('hvs.old'), expiresAt: clock.now() });
    const request = exchange();
    const got = code(make('default', identity)(request, answered));
    identity.current = { ...identity.current!, expiresAt: clock.now() + 60_000 };
    await clock.advance(10_000);
    expect([await got, request.token?.reveal()]).to.deep.equal([204, 'hvs.old']);
  });

  it('lets logins pass without the expired token', () => {
    const identity = new IdentityFake('default', { ...state('hvs.old'), expiresAt: clock.now() - 1 });
    const request = seen(make('default', identity), [], '/v1/auth/approle/login');
    expect(request.token).to.equal(undefined);
  });

  it('brings namespaces into one spelling, with the configured one in front only when asked (U-4, D-57)', () => {
    const plain = make('never');
    const prepending = make('never', undefined, { prependConfiguredNamespace: true });
    const spaces = (text: string[]) => [seen(plain, text).namespace, seen(prepending, text).namespace];
    expect(spaces([])).to.deep.equal(['', 'team/']);
    expect(spaces(['x-vault-namespace', '/ns1/ns2'])).to.deep.equal(['ns1/ns2/', 'team/ns1/ns2/']);
    expect(spaces(['X-Vault-Namespace', 'root'])).to.deep.equal(['', 'team/']);
    expect(spaces([])).to.deep.equal(['', 'team/']);
  });

  it('takes the first token that is not empty', () => {
    expect(clientToken(exchange({ headers: ['Authorization', 'Bearer a', 'Authorization', 'Bearer b'] }))).to.equal(
      'a',
    );
    expect(clientToken(exchange({ headers: ['Authorization', 'Bearer '] }))).to.equal(undefined);
  });
});
