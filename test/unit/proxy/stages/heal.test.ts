import { expect } from 'chai';
import type { Exchange, Reply, Stage } from '../../../../core/contracts/exchange.js';
import type { TokenState } from '../../../../core/contracts/token-feed.js';
import { errorReply, jsonReply } from '../../../../core/kernel/local-reply.js';
import { compose } from '../../../../core/proxy/compose.js';
import { healStage } from '../../../../core/proxy/stages/heal.js';
import type { Proven } from '../../../../core/proxy/token-proof.js';
import { Secret, agentError } from '../../../../core/sdk/index.js';
import { LogSpy, VirtualClock, settle } from '../../../../core/sdk/testing/index.js';
import { StreamFake, exchange, later } from '../exchange-fake.js';
import { IdentityFake, state } from '../identity-fake.js';

class Healing {
  readonly clock = new VirtualClock();
  readonly identity = new IdentityFake('default', state('hvs.dead'));
  readonly sent: string[] = [];
  readonly logins: number[] = [];
  proofs = 0;
  proven: Proven | Promise<Proven> = 'dead';
  /** What the server says to a token. */
  answer: (request: Exchange) => Reply | Promise<Reply> = ({ token }) =>
    token?.reveal() === 'hvs.live' ? jsonReply(200, { ok: true }) : errorReply(403, 'permission denied');
  login: () => void = () => this.identity.publish(state('hvs.live', 'default', 2));
  readonly run;

  constructor() {
    this.identity.reauthenticate = (sequence, signal): Promise<TokenState> => {
      this.logins.push(sequence);
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        const unsubscribe = this.identity.feed.subscribe((next) => (unsubscribe(), resolve(next)));
        if (this.logins.length === 1) queueMicrotask(this.login);
      });
    };
    const server: Stage = async (request) => {
      this.sent.push(`${request.method} ${request.token?.reveal()}`);
      request.headers = [...request.headers, 'X-Hop', '1'];
      request.notes.cache = 'miss';
      request.notes.why = 'status';
      request.cacheKey = 'key';
      await Promise.resolve();
      return this.answer(request);
    };
    const proof = (): Promise<Proven> => (this.proofs++, Promise.resolve(this.proven));
    const { identity, clock } = this;
    this.run = compose([healStage({ identity, proof, tokenWaitMs: 10_000, clock, log: new LogSpy() }), server]);
  }

  request(more: Partial<Exchange> = {}): Exchange {
    return exchange({ token: this.identity.current!.token, identity: 'default', ...more });
  }

  async status(more: Partial<Exchange> = {}): Promise<number> {
    return (await this.run(this.request(more))).status;
  }
}

describe('the heal stage (R-6, D-22, D-64)', () => {
  let on: Healing;
  beforeEach(() => (on = new Healing()));
  afterEach(() => expect(on.clock.pending).to.equal(0));

  for (const method of ['GET', 'LIST', 'SCAN']) {
    it(`replays ${method} once with the new token after the proof that the old one is dead (R-6)`, async () => {
      expect(await on.status({ method })).to.equal(200);
      expect(on.sent).to.deep.equal([`${method} hvs.dead`, `${method} hvs.live`]);
      expect([on.proofs, on.logins]).to.deep.equal([1, [1]]);
    });
  }

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
    it(`relays the 403 of ${method}; the next request has the new token (R-6)`, async () => {
      expect(await on.status({ method })).to.equal(403);
      expect(on.sent).to.deep.equal([`${method} hvs.dead`]);
      expect(on.identity.current!.token.reveal()).to.equal('hvs.live');
    });
  }

  it('makes one login for all that were refused (D-64)', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => on.status()));
    expect(new Set(all)).to.deep.equal(new Set([200]));
    expect(new Set(on.logins)).to.deep.equal(new Set([1]));
    expect(on.sent.filter((line) => line.endsWith('live')).length).to.equal(20);
  });

  it('asks for no proof while somebody waits for the successor of a dead token, and again after that (R-6)', async () => {
    on.login = () => undefined;
    const first = on.status();
    await settle();
    const second = on.status();
    await settle();
    expect([on.proofs, on.logins]).to.deep.equal([1, [1, 1]]);
    await on.clock.advance(10_000);
    expect([await first, await second]).to.deep.equal([403, 403]);
    const third = on.status();
    await settle();
    expect(on.proofs).to.equal(2);
    await on.clock.advance(10_000);
    expect(await third).to.equal(403);
  });

  for (const proven of ['alive', 'unknown'] as const) {
    it(`relays the 403 when the proof says ${proven}, without a login (R-6)`, async () => {
      on.proven = proven;
      expect(await on.status()).to.equal(403);
      expect([on.sent.length, on.logins]).to.deep.equal([1, []]);
    });
  }

  it('replays without another proof when somebody else has healed meanwhile (R-6)', async () => {
    const request = on.request();
    on.identity.publish(state('hvs.live', 'default', 2));
    expect((await on.run(request)).status).to.equal(200);
    expect([on.proofs, on.logins]).to.deep.equal([0, []]);
  });

  it("does nothing for a client's own token, even when it is the same text (R-6)", async () => {
    expect(await on.status({ identity: undefined, token: new Secret('hvs.own') })).to.equal(403);
    expect([on.proofs, on.sent.length]).to.deep.equal([0, 1]);
  });

  it('never loops: a replay that is refused as well is relayed (R-6)', async () => {
    on.answer = () => errorReply(403, 'permission denied');
    expect(await on.status()).to.equal(403);
    expect([on.sent.length, on.proofs]).to.deep.equal([2, 1]);
  });

  it('never hangs: a login that does not come is waited for up to the bound, then the 403 is relayed (D-64)', async () => {
    on.login = () => undefined;
    const got = on.status();
    await settle();
    await on.clock.advance(9_999);
    expect(on.sent.length).to.equal(1);
    await on.clock.advance(1);
    expect(await got).to.equal(403);
  });

  it('never hangs: a proof that does not come counts into the same bound, and starts no login later (D-64)', async () => {
    const slow = later<Proven>();
    on.proven = slow.promise;
    const got = on.status();
    await settle();
    await on.clock.advance(10_000);
    expect(await got).to.equal(403);
    slow.resolve('dead');
    await settle();
    expect(on.logins).to.deep.equal([]);
  });

  it('stops waiting when the client leaves (D-30)', async () => {
    on.login = () => undefined;
    const leaving = new AbortController();
    const got = on.status({ signal: leaving.signal });
    await settle();
    leaving.abort(agentError('UPSTREAM_CANCELLED', {}));
    expect(await got).to.equal(403);
  });

  it('relays the 403 when the login fails, or gives a wrapped or an expired token (D-22)', async () => {
    const odd: (() => void)[] = [
      () => on.identity.publish({ ...state('{}', 'default', 2), form: 'wrapped' }),
      () => on.identity.publish({ ...state('hvs.old', 'default', 2), expiresAt: on.clock.now() }),
    ];
    for (const login of odd) {
      on = new Healing();
      on.login = login;
      expect(await on.status()).to.equal(403);
    }
    on = new Healing();
    on.identity.reauthenticate = () => Promise.reject(new Error('no'));
    expect(await on.status()).to.equal(403);
  });

  it('replays only what is in memory (R-6)', async () => {
    expect(await on.status({ body: new StreamFake(Buffer.from('x')) })).to.equal(403);
    expect(on.sent.length).to.equal(1);
  });

  it('brings the exchange into its first state before the replay, and gives the refused answer up (R-6)', async () => {
    const seen: unknown[] = [];
    const refusal = new StreamFake(Buffer.from('{"errors":["permission denied"]}'));
    on.answer = (request) => {
      seen.push([request.headers.filter((text) => text === 'X-Hop').length, request.token!.reveal()]);
      return seen.length === 1 ? { status: 403, headers: [], body: refusal } : jsonReply(200, {});
    };
    const request = on.request({ headers: ['A', '1'] });
    expect((await on.run(request)).status).to.equal(200);
    expect(seen).to.deep.equal([
      [1, 'hvs.dead'],
      [1, 'hvs.live'],
    ]);
    expect(request.identity).to.equal('default');
  });

  it('passes answers that are no 403, and those that come without a promise', async () => {
    on.answer = () => errorReply(404);
    expect(await on.status()).to.equal(404);
    expect(on.proofs).to.equal(0);
    const { identity, clock } = on;
    const proof = (): Promise<Proven> => Promise.resolve('dead');
    const stages = [healStage({ identity, proof, tokenWaitMs: 1, clock, log: new LogSpy() }), () => jsonReply(200, {})];
    expect(compose(stages)(on.request())).not.to.be.instanceOf(Promise);
  });
});
