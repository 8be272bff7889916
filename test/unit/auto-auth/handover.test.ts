// What an identity does with its sinks besides delivering: reuse, notifications, withdrawing and revoking (issue 5).
import { expect } from 'chai';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, type VaultAnswer } from '../../../core/sdk/index.js';
import { settle } from '../../../core/sdk/testing/virtual-clock.js';
import {
  auth,
  CHILD,
  CREATE,
  errors,
  LOGIN,
  LOOKUP,
  PROOF,
  RENEW,
  REVOKE,
  SinkFake,
  slot,
  stage,
  type Stage,
} from './handover-rig.js';

const never = new AbortController().signal;
const living = (ttl: number) => ({
  status: 200,
  body: { data: { id: 'x', ttl, renewable: true, type: 'service', accessor: 'a', policies: ['p'] } },
});

async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !done(); turn++) await settle(1);
  expect(done(), 'it never happened').to.equal(true);
}

describe('auto-auth: handing tokens over', () => {
  const open: Stage[] = [];
  afterEach(async () => {
    for (const { identity } of open.splice(0)) await identity.stop();
  });
  const on = (...given: Parameters<typeof stage>): Stage => {
    const it_ = stage(...given);
    open.push(it_);
    it_.vault.once('PUT', LOGIN, auth('t1')).on('PUT', LOGIN, auth('t2')).on('PUT', REVOKE, { status: 204 });
    return it_;
  };
  const token = (it_: Stage): string | undefined => it_.identity.feed.current?.token.reveal();

  describe('reuse', () => {
    const left = (text: string | Error | undefined, over = { reuse: true }, id = 's') => {
      const sink = new SinkFake();
      sink.left = text;
      return { sink, spot: slot(id, sink, over) };
    };

    it('a token that the sink holds and that lives is taken up instead of a login, and delivered again', async () => {
      const { sink, spot } = left('kept');
      const it_ = on([spot]);
      it_.vault.on('GET', LOOKUP, living(600));
      await it_.go();
      await it_.identity.delivered;
      expect([token(it_), it_.count('PUT', LOGIN), sink.payloads]).to.deep.equal(['kept', 0, ['kept']]);
    });

    for (const [what, script] of [
      ['is dead', errors(403, 'permission denied')],
      ['has no life left', living(0)],
    ] as const) {
      it(`a token that ${what} leads to a login`, async () => {
        const { spot } = left('kept');
        const it_ = on([spot]);
        it_.vault.on('GET', LOOKUP, script);
        await it_.go();
        expect([token(it_), it_.count('GET', LOOKUP)]).to.deep.equal(['t1', 1]);
      });
    }

    it('sinks without reuse are not asked', async () => {
      const { spot } = left('kept', { reuse: false });
      const it_ = on([spot]);
      await it_.go();
      expect([token(it_), it_.count('GET', LOOKUP)]).to.deep.equal(['t1', 0]);
    });

    for (const [what, text] of [
      ['nothing', undefined],
      ['an empty text', ''],
      ['what is no token', '{"wrapped": true}'],
      ['two lines', 'a\nb'],
    ] as const) {
      it(`${what} in the sink is never sent anywhere`, async () => {
        const { spot } = left(text);
        const it_ = on([spot]);
        await it_.go();
        expect([token(it_), it_.count('GET', LOOKUP)]).to.deep.equal(['t1', 0]);
      });
    }

    it('a sink that cannot be read back is a warning, not the end', async () => {
      const { spot } = left(new Error('disk'));
      const it_ = on([spot]);
      await it_.go();
      expect([token(it_), it_.said('the sink could not be read back')]).to.deep.equal(['t1', ['disk']]);
    });

    it('of several the first that lives is taken, each is asked about once, and what the store kept goes first', async () => {
      const [one, two, three] = [left('a', undefined, '1'), left('a', undefined, '2'), left('b', undefined, '3')];
      const it_ = on([one.spot, two.spot, three.spot]);
      it_.identity.preload(new Secret('stored'));
      it_.vault.on('GET', LOOKUP, ({ call }) =>
        call.token?.reveal() === 'b' ? { ...living(60), headers: {} } : { ...errors(403), headers: {} },
      );
      await it_.go();
      const asked = it_.vault.calls.filter(({ path }) => path === LOOKUP).map(({ call }) => call.token?.reveal());
      expect([asked, token(it_), it_.count('PUT', LOGIN)]).to.deep.equal([['stored', 'a', 'b'], 'b', 0]);
    });

    it('a server that could not say is asked again, but not about what it said is dead', async () => {
      const [one, two] = [left('a', undefined, '1'), left('b', undefined, '2')];
      const it_ = on([one.spot, two.spot]);
      it_.vault.once('GET', LOOKUP, errors(403)).once('GET', LOOKUP, errors(503)).on('GET', LOOKUP, living(60));
      await it_.go();
      expect([token(it_), it_.count('PUT', LOGIN)]).to.deep.equal([undefined, 0]);
      await it_.clock.advance(1_000);
      const asked = it_.vault.calls.filter(({ path }) => path === LOOKUP).map(({ call }) => call.token?.reveal());
      expect([asked, token(it_)]).to.deep.equal([['a', 'b', 'b'], 'b']);
    });

    it('a stop while sinks are asked starts nothing', async () => {
      const { sink, spot } = left('kept');
      sink.recover = () => new Promise((resolve) => setImmediate(() => resolve(new Secret('kept'))));
      const it_ = on([spot]);
      it_.identity.start();
      await it_.identity.stop();
      await settle();
      expect(it_.vault.calls).to.deep.equal([]);
    });
  });

  describe('notify', () => {
    let dir: string;
    beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), 'claviger-handover-'))));
    afterEach(() => rm(dir, { recursive: true, force: true }));
    const told = (): Promise<string> => readFile(join(dir, 'told'), 'utf8').catch(() => '');
    const notify = (script: string) => {
      const command = { argv: ['/bin/sh', '-c', script, 'sh', join(dir, 'told')], timeoutMs: 60_000 };
      return { notify: { signal: undefined, http: undefined, command } };
    };
    const once = () => notify('echo told >> "$1"');

    it('once per change of the sink: not for the same token again, and delivered waits for it', async () => {
      const sink = new SinkFake();
      const it_ = on([slot('s', sink, once())]);
      it_.vault.on('PUT', LOGIN, auth('t1'));
      await it_.go();
      await it_.identity.delivered;
      expect(await told()).to.equal('told\n');
      await it_.relogin();
      await settle(50);
      expect([sink.payloads, await told()]).to.deep.equal([['t1'], 'told\n']);
    });

    it('not when the sink held it already', async () => {
      const sink = new SinkFake();
      sink.left = 'kept';
      const it_ = on([slot('s', sink, { ...once(), reuse: true })]);
      it_.vault.on('GET', LOOKUP, living(600));
      await it_.go();
      await it_.identity.delivered;
      expect([sink.payloads, await told()]).to.deep.equal([['kept'], '']);
    });

    it('a program that fails is a health remark with a code; the delivery itself is well, and no other sink waits', async () => {
      const [sink, other] = [new SinkFake(), new SinkFake()];
      const it_ = on([slot('s', sink, notify('exit 1')), slot('o', other)]);
      await it_.go();
      expect([sink.payloads, other.payloads]).to.deep.equal([['t1'], ['t1']]);
      await until(() => it_.health.state === 'degraded');
      expect(it_.health.reports.at(-1)?.error?.code).to.equal('SINK_NOTIFY_FAILED');
      expect(it_.metrics.by.get('agent.sink.success')).to.equal(2);
    });

    it('stop kills a program that is running and waits for nobody', async () => {
      const it_ = on([slot('s', new SinkFake(), notify('sleep 100'))]);
      await it_.go();
      await it_.identity.stop();
      expect(it_.clock.pending).to.equal(0);
    });
  });

  describe('revoke_on_shutdown', () => {
    const REVOKING = { identity: { revokeOnShutdown: true } };
    const end = async (it_: Stage): Promise<void> => {
      await it_.identity.stop();
      it_.events.length = 0;
      await it_.identity.revoke(never);
    };

    it('sinks withdraw, then children are revoked, then the token of the login', async () => {
      const [narrow, plain] = [new SinkFake(), new SinkFake()];
      const it_ = on([slot('n', narrow, { child: CHILD }), slot('p', plain)], REVOKING);
      it_.vault.on('PUT', CREATE, auth('c1'));
      plain.withdraw = () => {
        it_.events.push('withdrawn');
        return Promise.resolve();
      };
      await it_.go();
      await end(it_);
      expect(it_.events).to.deep.equal(['withdrawn', `PUT ${REVOKE} of c1`, `PUT ${REVOKE} of t1`]);
      expect(narrow.withdrawn).to.equal(1);
    });

    it('also tokens of earlier logins that still live, as long as renewals made them live', async () => {
      const it_ = on([], REVOKING);
      it_.vault.on('PUT', RENEW, auth('t1', { lease_duration: 36_000 }));
      await it_.go();
      await it_.clock.advance(2_600_000);
      await it_.relogin();
      await it_.clock.advance(3_000_000);
      await end(it_);
      expect(it_.events.filter((event) => event.includes(REVOKE))).to.deep.equal([
        `PUT ${REVOKE} of t1`,
        `PUT ${REVOKE} of t2`,
      ]);
    });

    it('what has ended by itself is not asked about', async () => {
      const it_ = on([], REVOKING);
      await it_.go();
      await it_.relogin();
      it_.vault.on('PUT', RENEW, auth('t2', { lease_duration: 36_000 }));
      await it_.clock.advance(3_600_000);
      await end(it_);
      expect(it_.events).to.deep.equal([`PUT ${REVOKE} of t2`]);
    });

    for (const [what, prepare] of [
      ['a token that the method held', (it_: Stage) => void (it_.plan.now = { token: new Secret('kept') })],
      ['a token of an earlier run', (it_: Stage) => it_.identity.preload(new Secret('kept'))],
    ] as const) {
      it(`${what} is neither withdrawn nor revoked`, async () => {
        const sink = new SinkFake();
        const it_ = on([slot('s', sink)], REVOKING);
        it_.vault.on('GET', LOOKUP, living(600));
        prepare(it_);
        await it_.go();
        expect(sink.payloads).to.deep.equal(['kept']);
        await end(it_);
        expect([it_.events, sink.withdrawn]).to.deep.equal([[], 0]);
      });
    }

    it('a batch token cannot be revoked: it is withdrawn, and nobody asks', async () => {
      const sink = new SinkFake();
      const it_ = stage([slot('s', sink)], REVOKING);
      open.push(it_);
      it_.vault.on('PUT', LOGIN, auth('t1', { token_type: 'batch' }));
      await it_.go();
      await end(it_);
      expect([it_.events, sink.withdrawn]).to.deep.equal([[], 1]);
    });

    it('a sink that never held anything is left as it is', async () => {
      const sink = new SinkFake();
      sink.broken = true;
      const it_ = on([slot('s', sink)], REVOKING);
      await it_.go();
      await end(it_);
      expect([sink.withdrawn, it_.events]).to.deep.equal([0, [`PUT ${REVOKE} of t1`]]);
    });

    it('a sink that cannot withdraw, and a server that refuses, are told; the rest goes on', async () => {
      const [bad, good] = [new SinkFake(), new SinkFake()];
      bad.withdraw = () => Promise.reject(new Error('disk'));
      const it_ = on([slot('b', bad), slot('g', good)], REVOKING);
      it_.vault.on('PUT', REVOKE, errors(400, 'no')).on('GET', PROOF, { status: 200 });
      await it_.go();
      await end(it_);
      expect(good.withdrawn).to.equal(1);
      expect(it_.said('a sink could not withdraw its token')).to.deep.equal(['disk']);
      expect(it_.said('a token was not revoked')).to.deep.equal([
        'AUTH_REVOKE_FAILED: a token of default could not be revoked and lives until it expires: the server answered 400 no',
      ]);
    });

    it('a child that is made while the agent stops is revoked when it arrives', async () => {
      const sink = new SinkFake();
      const it_ = on([slot('s', sink, { child: CHILD })], REVOKING);
      let arrive!: (answer: VaultAnswer) => void;
      it_.vault.on('PUT', CREATE, () => new Promise((resolve) => (arrive = resolve)));
      await it_.go();
      await it_.identity.stop();
      const ending = it_.identity.revoke(never);
      await settle();
      arrive({ ...auth('c1'), headers: {} });
      await ending;
      expect(it_.events.filter((event) => event.includes(REVOKE))).to.deep.equal([
        `PUT ${REVOKE} of c1`,
        `PUT ${REVOKE} of t1`,
      ]);
      expect(sink.payloads).to.deep.equal([]);
    });

    describe('a write that is under way at the stop', () => {
      const under = () => {
        const sink = new SinkFake();
        const held: (() => void)[] = [];
        sink.write = (_, signal) =>
          new Promise((resolve, reject) => {
            held.push(resolve);
            signal.addEventListener('abort', () => reject(new Error('cut')));
          });
        return { sink, it_: on([slot('s', sink)], REVOKING), finish: () => held[0]?.() };
      };

      it('gets a second to end, so that it is known what to withdraw', async () => {
        const { sink, it_, finish } = under();
        await it_.go();
        const stopping = it_.identity.stop();
        await it_.clock.advance(999);
        finish();
        await stopping;
        await it_.identity.revoke(never);
        expect([sink.withdrawn, it_.metrics.by.get('agent.sink.success'), it_.clock.pending]).to.deep.equal([1, 1, 0]);
      });

      it('is cut after that, and what it may have left is withdrawn', async () => {
        const { sink, it_ } = under();
        await it_.go();
        const stopping = it_.identity.stop();
        await it_.clock.advance(1_000);
        await stopping;
        await it_.identity.revoke(never);
        expect([sink.withdrawn, it_.clock.pending]).to.deep.equal([1, 0]);
      });
    });

    describe('a login that is under way at the stop', () => {
      const under = (): { it_: Stage; sink: SinkFake; arrive: () => void } => {
        const sink = new SinkFake();
        const it_ = stage([slot('s', sink)], REVOKING);
        open.push(it_);
        const waiting: ((answer: VaultAnswer) => void)[] = [];
        it_.vault.on('PUT', REVOKE, { status: 204 });
        it_.vault.on(
          'PUT',
          LOGIN,
          ({ call }) =>
            new Promise((resolve, reject) => {
              waiting.push(resolve);
              call.signal?.addEventListener('abort', () => reject(new Error('cut')));
            }),
        );
        return { it_, sink, arrive: () => waiting[0]?.({ ...auth('t1'), headers: {} }) };
      };

      it('gets a second to end, so that its token is revoked; nobody gets that token', async () => {
        const { it_, sink, arrive } = under();
        await it_.go();
        const stopping = it_.identity.stop();
        await it_.clock.advance(999);
        arrive();
        await stopping;
        await it_.identity.revoke(never);
        expect([it_.events.at(-1), sink.payloads, it_.clock.pending]).to.deep.equal([`PUT ${REVOKE} of t1`, [], 0]);
        expect(it_.identity.feed.current).to.equal(undefined);
      });

      it('and not more', async () => {
        const { it_ } = under();
        await it_.go();
        const stopping = it_.identity.stop();
        await it_.clock.advance(1_000);
        await stopping;
        await it_.identity.revoke(never);
        expect([it_.count('PUT', REVOKE), it_.clock.pending]).to.deep.equal([0, 0]);
      });
    });

    it('ends with its bound, whatever the server does', async () => {
      const it_ = on([slot('s', new SinkFake(), { child: CHILD })], REVOKING);
      it_.vault.on('PUT', CREATE, auth('c1')).on('PUT', REVOKE, ({ call }) => {
        return new Promise((_, reject) => call.signal?.addEventListener('abort', () => reject(new Error('cut'))));
      });
      await it_.go();
      await it_.identity.stop();
      const bound = new AbortController();
      const ending = it_.identity.revoke(bound.signal);
      await settle();
      bound.abort();
      await ending;
      expect(it_.said('a child token was not revoked')).to.have.length(1);
      expect(it_.said('a token was not revoked')).to.have.length(1);
    });

    it('without it nothing is withdrawn nor revoked', async () => {
      const sink = new SinkFake();
      const it_ = on([slot('s', sink)]);
      await it_.go();
      await end(it_);
      expect([it_.events, sink.withdrawn]).to.deep.equal([[], 0]);
    });
  });
});
