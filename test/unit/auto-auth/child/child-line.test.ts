// A sink with a child token, on fakes: order, renewal, rotation, refusals (issue 5, "narrowed child token"; corrections, server).
import { expect } from 'chai';
import { agentError } from '../../../../core/sdk/index.js';
import { settle } from '../../../../core/sdk/testing/virtual-clock.js';
import {
  auth,
  CHILD,
  CREATE,
  errors,
  LOGIN,
  PROOF,
  RENEW,
  REVOKE,
  SinkFake,
  slot,
  stage,
  type Stage,
} from '../handover-rig.js';

const WEEK = { lease_duration: 604_800 };

describe('auto-auth/child-line', () => {
  const open: Stage[] = [];
  afterEach(async () => {
    for (const it_ of open.splice(0)) {
      await it_.identity.stop();
      expect(it_.clock.pending, 'timers after the stop').to.equal(0);
      expect(it_.log.leaks(['t1', 't2', 'c1', 'c2', 'c3'].map((token) => `${token}-planted`))).to.deep.equal([]);
    }
  });
  const on = (...given: Parameters<typeof stage>): Stage => {
    const it_ = stage(...given);
    open.push(it_);
    it_.vault.once('PUT', LOGIN, auth('t1-planted', WEEK)).on('PUT', LOGIN, auth('t2-planted', WEEK));
    it_.vault.on('PUT', REVOKE, { status: 204 }).on('GET', PROOF, { status: 200 });
    return it_;
  };
  const children = (it_: Stage, more: object = {}): void =>
    void it_.vault
      .once('PUT', CREATE, auth('c1-planted', more))
      .once('PUT', CREATE, auth('c2-planted', more))
      .on('PUT', CREATE, auth('c3-planted', more));
  const withChild = (sink: SinkFake, over: object = {}) => slot('s', sink, { child: { ...CHILD, ...over } });

  it('the sink gets the child, made with the token of the identity in its namespace; other sinks get that token itself', async () => {
    const [narrow, plain] = [new SinkFake(), new SinkFake()];
    const it_ = on([withChild(narrow), slot('p', plain)]);
    children(it_);
    await it_.go();
    expect([narrow.payloads, plain.payloads]).to.deep.equal([['c1-planted'], ['t1-planted']]);
    const call = it_.vault.calls.find(({ path }) => path === CREATE)?.call;
    expect([call?.token?.reveal(), call?.namespace]).to.deep.equal(['t1-planted', 'ns1/']);
    expect(narrow.writes[0]).to.include({
      identity: 'default',
      accessor: 'acc-c1-planted',
      form: 'plain',
      sequence: 1,
    });
    expect(it_.health.state).to.equal('ok');
    await it_.identity.delivered;
  });

  it('rotation: the new child is made, then delivered, and only then the old one is revoked with itself', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    children(it_);
    await it_.go();
    it_.events.length = 0;
    await it_.relogin();
    expect(it_.events.filter((event) => !event.includes(LOGIN))).to.deep.equal([
      `PUT ${CREATE} of t2-planted`,
      'write s c2-planted',
      `PUT ${REVOKE} of c1-planted`,
    ]);
    expect(sink.writes.map(({ sequence }) => sequence)).to.deep.equal([1, 2]);
  });

  it('the old child lives on while the sink does not take the new one', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    children(it_);
    await it_.go();
    sink.broken = true;
    await it_.relogin();
    expect([it_.count('PUT', REVOKE), it_.health.state]).to.deep.equal([0, 'degraded']);
    sink.broken = false;
    await it_.clock.advance(5_000);
    expect([sink.payloads.at(-1), it_.count('PUT', REVOKE), it_.health.state]).to.deep.equal(['c2-planted', 1, 'ok']);
  });

  it('the life that is delivered is the smaller of its own and that of its parent; that of an orphan is its own', async () => {
    for (const [parent, child, orphan, seconds] of [
      [7200, 600, false, 600],
      [300, 600, false, 300],
      [300, 600, true, 600],
      [300, 0, false, 300],
    ] as const) {
      const sink = new SinkFake();
      const it_ = stage([withChild(sink, { orphan })]);
      open.push(it_);
      it_.vault.on('PUT', LOGIN, auth('t1-planted', { lease_duration: parent }));
      it_.vault.on('PUT', CREATE, auth('c1-planted', { lease_duration: child }));
      await it_.go();
      expect(sink.writes[0]?.expiresAt).to.equal(it_.clock.now() + seconds * 1000);
    }
  });

  it('is renewed with itself at two thirds of its life, for ever, without another delivery', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    children(it_, { lease_duration: 600 });
    it_.vault.on('PUT', RENEW, auth('c1-planted', { lease_duration: 600 }));
    await it_.go();
    await it_.clock.advance(10 * 420_000);
    const renewals = it_.vault.calls.filter(({ path }) => path === RENEW);
    expect(renewals).to.have.length(10);
    expect(new Set(renewals.map(({ call }) => call.token?.reveal()))).to.deep.equal(new Set(['c1-planted']));
    expect([sink.payloads, it_.count('PUT', CREATE)]).to.deep.equal([['c1-planted'], 1]);
  });

  for (const [what, config, more] of [
    ['limited uses', { numUses: 5 }, {}],
    ['a batch type', { type: 'batch' }, { token_type: 'batch' }],
    ['no renewable token', {}, { renewable: false }],
  ] as const) {
    it(`with ${what} it is never renewed, but made anew before its end`, async () => {
      const sink = new SinkFake();
      const it_ = on([withChild(sink, config)]);
      children(it_, { lease_duration: 600, ...more });
      await it_.go();
      await it_.clock.advance(599_000);
      expect(it_.count('PUT', RENEW)).to.equal(0);
      expect(sink.payloads).to.deep.equal(['c1-planted', 'c2-planted']);
      // batch tokens cannot be revoked, so nobody asks
      expect(it_.count('PUT', REVOKE)).to.equal(what === 'a batch type' ? 0 : 1);
    });
  }

  it('a child that the server no longer knows is made anew at once', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    children(it_, { lease_duration: 600 });
    it_.vault.on('PUT', RENEW, errors(403, 'permission denied')).on('GET', PROOF, { status: 403 });
    await it_.go();
    await it_.clock.advance(420_000);
    expect(sink.payloads).to.deep.equal(['c1-planted', 'c2-planted']);
    expect(it_.count('PUT', REVOKE)).to.equal(0);
  });

  it('a child that lives but may not renew itself (no default policy) is made anew near its end, and its revocation refused is told', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    children(it_, { lease_duration: 600 });
    it_.vault.on('PUT', RENEW, errors(403, 'permission denied')).on('PUT', REVOKE, errors(403, 'c1-planted denied'));
    await it_.go();
    await it_.clock.advance(420_000);
    expect(sink.payloads).to.deep.equal(['c1-planted', 'c2-planted']);
    expect(it_.said('a child token was not revoked')).to.deep.equal([
      'AUTH_REVOKE_FAILED: a child token of s could not be revoked and lives until it expires: the server answered 403 [secret] denied',
    ]);
    expect(it_.count('PUT', REVOKE)).to.equal(1);
  });

  it('narrow must be narrow: a child with policies of its entity is revoked at once, refused, and named', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    it_.vault.on('PUT', CREATE, auth('c1-planted', { identity_policies: ['admin', 'ops'] }));
    await it_.go();
    expect(sink.payloads).to.deep.equal([]);
    expect(it_.events.at(-1)).to.equal(`PUT ${REVOKE} of c1-planted`);
    expect(it_.health.reports.at(-1)?.error?.code).to.equal('SINK_CHILD_WIDE');
    expect(it_.health.reports.at(-1)?.error?.message).to.contain('admin, ops');
    await it_.clock.advance(299_000);
    expect(it_.count('PUT', CREATE), 'seldom asked for again').to.equal(1);
    it_.vault.on('PUT', CREATE, auth('c2-planted'));
    await it_.clock.advance(2_000);
    expect([sink.payloads, it_.health.state]).to.deep.equal([['c2-planted'], 'ok']);
  });

  it('allow_identity_policies takes such a child', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink, { allowIdentityPolicies: true })]);
    it_.vault.on('PUT', CREATE, auth('c1-planted', { identity_policies: ['admin'] }));
    await it_.go();
    expect([sink.payloads, it_.count('PUT', REVOKE)]).to.deep.equal([['c1-planted'], 0]);
  });

  for (const [what, more] of [
    ['batch', { token_type: 'batch' }],
    ['limited', { num_uses: 3 }],
  ] as const) {
    it(`a ${what} parent is refused with the reason, without asking the server, until there is another`, async () => {
      const [sink, plain] = [new SinkFake(), new SinkFake()];
      const it_ = stage([withChild(sink), slot('p', plain)]);
      open.push(it_);
      it_.vault.once('PUT', LOGIN, auth('t1-planted', more)).on('PUT', LOGIN, auth('t2-planted'));
      it_.vault.on('PUT', CREATE, auth('c1-planted'));
      await it_.go();
      expect([it_.count('PUT', CREATE), it_.health.reports.at(-1)?.error?.code]).to.deep.equal([
        0,
        'SINK_CHILD_REFUSED',
      ]);
      expect(plain.payloads).to.deep.equal(['t1-planted']);
      await it_.relogin();
      expect([sink.payloads, it_.health.state]).to.deep.equal([['c1-planted'], 'ok']);
    });
  }

  it('a refused creation is tried again within the bounds of retry, counted and reported; other sinks do not wait', async () => {
    const [sink, plain] = [new SinkFake(), new SinkFake()];
    const retry = { minMs: 4_000, maxMs: 6_000 };
    const it_ = on([slot('s', sink, { child: CHILD, retry }), slot('p', plain)]);
    it_.vault.on('PUT', CREATE, errors(400, 'child policies must be subset of parent t1-planted'));
    await it_.go();
    expect(plain.payloads).to.deep.equal(['t1-planted']);
    expect(it_.said('error creating the child token of a sink')).to.deep.equal([
      'SINK_CHILD_REFUSED: no child token for this sink: the server answered 400 child policies must be subset of parent [secret]',
    ]);
    const times: number[] = [];
    for (let ms = 0; ms < 15_000; ms += 500) {
      const before = it_.count('PUT', CREATE);
      await it_.clock.advance(500);
      if (it_.count('PUT', CREATE) > before) times.push(ms + 500);
    }
    expect(times).to.deep.equal([2_000, 5_000, 8_000, 11_000, 14_000]);
    expect(it_.metrics.by.get('agent.sink.failure')).to.equal(6);
    it_.vault.on('PUT', CREATE, auth('c1-planted'));
    await it_.clock.advance(3_000);
    expect([sink.payloads, it_.health.state]).to.deep.equal([['c1-planted'], 'ok']);
    await it_.identity.delivered;
  });

  it('a server that cannot answer is asked again', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    it_.vault.once('PUT', CREATE, errors(503, 'sealed'));
    it_.vault.once('PUT', CREATE, agentError('UPSTREAM_UNREACHABLE', { address: 'x', why: 'refused' }));
    it_.vault.on('PUT', CREATE, auth('c1-planted'));
    await it_.go();
    expect(it_.health.reports.at(-1)?.error?.code).to.equal('SINK_CHILD_FAILED');
    await it_.clock.advance(1_000);
    expect(it_.health.reports.at(-1)?.error?.code).to.equal('UPSTREAM_UNREACHABLE');
    await it_.clock.advance(2_000);
    expect(sink.payloads).to.deep.equal(['c1-planted']);
  });

  it('a parent that turns out to be dead leads to a login, and the child is made with the new one', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    const ofDead = { ...errors(403, 'permission denied'), headers: {} };
    it_.vault.once('PUT', CREATE, auth('c1-planted', { lease_duration: 600 }));
    it_.vault.on('PUT', CREATE, ({ call }) =>
      call.token?.reveal() === 't1-planted' ? ofDead : { ...auth('c2-planted'), headers: {} },
    );
    it_.vault.on('PUT', RENEW, ofDead).on('GET', PROOF, { status: 403 });
    await it_.go();
    it_.events.length = 0;
    await it_.clock.advance(420_000);
    expect(it_.events).to.deep.equal([
      `PUT ${RENEW} of c1-planted`,
      `GET ${PROOF} of c1-planted`,
      `PUT ${CREATE} of t1-planted`,
      `GET ${PROOF} of t1-planted`,
      `PUT ${LOGIN} of nobody`,
      `PUT ${CREATE} of t2-planted`,
      'write s c2-planted',
    ]);
    expect(it_.health.state).to.equal('ok');
  });

  it('the same token again keeps the child, and counts as delivered', async () => {
    const sink = new SinkFake();
    const it_ = stage([withChild(sink)]);
    open.push(it_);
    it_.vault.on('PUT', LOGIN, auth('t1-planted', WEEK)).on('PUT', CREATE, auth('c1-planted', WEEK));
    await it_.go();
    await it_.relogin();
    expect([sink.payloads, it_.count('PUT', CREATE)]).to.deep.equal([['c1-planted'], 1]);
    await it_.identity.delivered;
  });

  it('a child that arrives after another token of the identity is thrown away and revoked', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    let answer: () => void = () => undefined;
    it_.vault.once('PUT', CREATE, async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return { ...auth('c1-planted'), headers: {} };
    });
    it_.vault.on('PUT', CREATE, auth('c2-planted'));
    await it_.go();
    await it_.relogin();
    expect(sink.payloads).to.deep.equal(['c2-planted']);
    answer();
    await settle();
    expect(sink.payloads).to.deep.equal(['c2-planted']);
    expect(it_.events.at(-1)).to.equal(`PUT ${REVOKE} of c1-planted`);
  });

  it('wrap_ttl wraps the child, by the token of the identity: the child may lack the right, and a use would be spent', async () => {
    const sink = new SinkFake();
    const it_ = on([slot('s', sink, { child: { ...CHILD, numUses: 1 }, wrapTtlMs: 60_000 })]);
    children(it_);
    const wrap_info = { token: 'w', accessor: 'a', ttl: 60, creation_time: 'now', creation_path: 'sys/wrapping/wrap' };
    it_.vault.on('PUT', 'sys/wrapping/wrap', { status: 200, body: { wrap_info } });
    await it_.go();
    const call = it_.vault.calls.find(({ path }) => path === 'sys/wrapping/wrap')?.call;
    expect([call?.token?.reveal(), call?.body]).to.deep.equal(['t1-planted', { token: 'c1-planted' }]);
    expect(sink.writes[0]?.form).to.equal('wrapped');
  });

  it('stop without revoke_on_shutdown revokes nothing, and what was under way is cut', async () => {
    const sink = new SinkFake();
    const it_ = on([withChild(sink)]);
    it_.vault.on('PUT', CREATE, ({ call }) => {
      return new Promise((_, reject) => call.signal?.addEventListener('abort', () => reject(new Error('cut'))));
    });
    await it_.go();
    await it_.identity.stop();
    await it_.identity.revoke(new AbortController().signal);
    expect([it_.count('PUT', REVOKE), sink.withdrawn]).to.deep.equal([0, 0]);
  });
});
