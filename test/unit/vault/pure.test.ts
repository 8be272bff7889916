import { expect } from 'chai';
import { failureOf } from '../../../core/vault/failure.js';
import { requestHeaders } from '../../../core/vault/headers.js';
import { beginLifetime, nextStep, type Lifetime, type LifetimeEvent } from '../../../core/vault/lifetime.js';
import { canonicalNamespace, joinNamespaces } from '../../../core/vault/namespace.js';
import { redirectHost, sameServerTarget } from '../../../core/vault/redirect.js';
import { mayIssue, retryAfterMs, retryDelay, type Outcome } from '../../../core/vault/retry.js';

const none = (): number => 0;

describe('vault/namespace', () => {
  const table = [
    ['', ''], ['/', ''], ['root', ''], ['root/', ''], ['ns1', 'ns1/'], ['/ns1', 'ns1/'], ['ns1/', 'ns1/'], ['ns1//ns2', 'ns1/ns2/'],
    ['ns1/./ns2', 'ns1/ns2/'], ['ns1/../ns2', 'ns2/'], ['../..', ''], [' ns1 ', 'ns1/'], ['ns1/root', 'ns1/root/'],
  ] as const; // prettier-ignore
  for (const [given, want] of table)
    it(`"${given}" is "${want}" (D-57)`, () => expect(canonicalNamespace(given)).to.equal(want));
  it('is the same when applied twice', () => {
    for (const [given] of table)
      expect(canonicalNamespace(canonicalNamespace(given))).to.equal(canonicalNamespace(given));
  });
  it('joins outer and inner (U-4)', () => {
    expect([joinNamespaces('ns1', 'ns2'), joinNamespaces('ns1', ''), joinNamespaces('', '/b/')]).to.deep.equal([
      'ns1/ns2/',
      'ns1/',
      'b/',
    ]);
  });
});

describe('vault/lifetime', () => {
  const HOUR = 3_600_000;
  const begin = (random = none, renewable = true) => beginLifetime({ ttlMs: HOUR, renewable, now: 0 }, random);
  const step = (state: Lifetime, event: LifetimeEvent, random = none) => nextStep(state, event, random).step;

  it('first acts between 70.0 and 73.3 % of the life (R7, D-54, D-77)', () => {
    expect(begin(() => 0).step).to.deep.equal({ do: 'wait', delayMs: 0.7 * HOUR });
    const late = begin(() => 0.999999).step as { delayMs: number };
    expect(late.delayMs / HOUR).to.be.closeTo(0.73333, 0.0001);
  });
  for (const ttlMs of [0, -5, NaN, Infinity]) {
    it(`a life of ${ttlMs} rests`, () => {
      const turn = beginLifetime({ ttlMs, renewable: true, now: 5 }, none);
      expect([turn.step, turn.state.expiresAt]).to.deep.equal([{ do: 'rest' }, 0]);
      expect(step(turn.state, { type: 'timer', now: 9 })).to.deep.equal({ do: 'rest' });
    });
  }
  it('renews when the timer comes, and waits again after success', () => {
    const { state } = begin();
    expect(step(state, { type: 'timer', now: 0.7 * HOUR })).to.deep.equal({ do: 'renew', incrementSeconds: 0 });
    expect(step(state, { type: 'renewed', now: 0.7 * HOUR, ttlMs: HOUR })).to.deep.equal({
      do: 'wait',
      delayMs: 0.7 * HOUR,
    });
  });
  it('ends without renewing when not renewable', () => {
    expect(step(begin(none, false).state, { type: 'timer', now: 0.7 * HOUR })).to.deep.equal({
      do: 'end',
      reason: 'not-renewable',
    });
  });
  it('near the maximum it ends with R <= 4 graces and goes on above (R7)', () => {
    const { state } = begin();
    const after = (ttlMs: number) => step(state, { type: 'renewed', now: 0, ttlMs }).do;
    expect([after(0.4 * HOUR), after(0.41 * HOUR), after(0), after(1)]).to.deep.equal(['end', 'wait', 'end', 'end']);
  });
  it('the shrinking renewals of a server near the maximum (6, 5, 3, 1 s) end (corrections)', () => {
    const { state } = beginLifetime({ ttlMs: 10_000, renewable: true, now: 0 }, none);
    const first = nextStep(state, { type: 'renewed', now: 7_000, ttlMs: 6_000 }, none);
    expect(first.step.do).to.equal('wait');
    expect(step(first.state, { type: 'renewed', now: 11_000, ttlMs: 3_000 })).to.deep.equal({
      do: 'end',
      reason: 'near-end',
    });
  });
  it('grace grows only with the life', () => {
    const { state } = begin();
    expect(nextStep(state, { type: 'renewed', now: 0, ttlMs: HOUR }, () => 0.9).state.graceMs).to.equal(0.1 * HOUR);
    expect(nextStep(state, { type: 'renewed', now: 0, ttlMs: 2 * HOUR }, () => 0.5).state.graceMs).to.be.closeTo(
      0.3 * HOUR,
      1,
    );
  });
  it('failed renewals wait 10 s doubled to 5 min, +-50 % (R8)', () => {
    let { state } = beginLifetime({ ttlMs: 100 * HOUR, renewable: true, now: 0 }, none);
    const waits = Array.from({ length: 7 }, () => {
      const turn = nextStep(state, { type: 'failed', now: 70 * HOUR }, () => 0.5);
      state = turn.state;
      return (turn.step as { delayMs: number }).delayMs / 1000;
    });
    expect(waits).to.deep.equal([10, 20, 40, 80, 160, 300, 300]);
    const edge = (random: () => number) =>
      (step(begin().state, { type: 'failed', now: 0 }, random) as { delayMs: number }).delayMs;
    expect([edge(none), Math.round(edge(() => 0.999999))]).to.deep.equal([5_000, 15_000]);
  });
  it('a success forgets the failures', () => {
    const failed = nextStep(begin().state, { type: 'failed', now: 0 }, none).state;
    expect(nextStep(failed, { type: 'renewed', now: 0, ttlMs: HOUR }, none).state.backoffMs).to.equal(0);
  });
  it('failures of a short life get more than one try and never a hot loop', () => {
    let turn = beginLifetime({ ttlMs: 30_000, renewable: true, now: 0 }, none);
    let now = (turn.step as { delayMs: number }).delayMs;
    let tries = 0;
    for (; turn.step.do !== 'end'; tries++) {
      turn = nextStep(turn.state, { type: 'failed', now }, none);
      if (turn.step.do === 'wait') {
        expect(turn.step.delayMs).to.be.at.least(500);
        now += turn.step.delayMs;
      }
    }
    expect(tries).to.be.within(2, 8);
    expect(now).to.be.lessThan(30_000);
  });
  it('a denied renewal switches to not renewable (R8)', () => {
    const { state, step: next } = nextStep(begin().state, { type: 'denied', now: 0.1 * HOUR }, none);
    expect([state.renewable, next.do]).to.deep.equal([false, 'wait']);
    expect(step(begin().state, { type: 'denied', now: 0.7 * HOUR })).to.deep.equal({ do: 'end', reason: 'denied' });
  });
  it('keeps the increment of a client, since 0 would shorten what it extended (corrections)', () => {
    const extended = nextStep(
      begin().state,
      { type: 'renewed', now: 0, ttlMs: 2 * HOUR, incrementSeconds: 7200 },
      none,
    ).state;
    expect(step(extended, { type: 'timer', now: HOUR })).to.deep.equal({ do: 'renew', incrementSeconds: 7200 });
  });
});

describe('vault/retry', () => {
  const ask = (outcome: Outcome, over: Partial<Parameters<typeof retryDelay>[0]> = {}): number | undefined =>
    retryDelay(
      { method: 'GET', path: '/v1/kv/a', replayable: true, outcome, attempt: 1, retries: 2, leftMs: 60_000, ...over },
      none,
    );
  const status = (code: number, after?: number): Outcome => ({ status: code, retryAfterMs: after });

  for (const kind of ['tls', 'timeout', 'cancelled', 'invalid'] as const) {
    it(`never after ${kind}`, () => expect(ask({ failure: kind })).to.equal(undefined));
  }
  for (const code of [200, 301, 400, 403, 404, 501, 472, 473]) {
    it(`never after ${code}`, () => expect(ask(status(code))).to.equal(undefined));
  }
  it('waits grow with the attempt, 1.0 to 1.5 s each (U-8)', () => {
    expect([1, 2].map((attempt) => ask(status(500), { attempt }))).to.deep.equal([1000, 2000]);
    const input = {
      method: 'GET',
      path: 'a',
      replayable: true,
      outcome: status(500),
      attempt: 2,
      retries: 9,
      leftMs: 60_000,
    };
    expect(retryDelay(input, () => 0.999999)).to.be.closeTo(3000, 1);
  });
  it('honours Retry-After, and gives up when it lies beyond the bound', () => {
    expect(ask(status(429, 5000))).to.equal(5000);
    expect(ask(status(429, 61_000))).to.equal(undefined);
  });
  it('stops when the retries are used up, and with 0 none', () => {
    expect([ask(status(500), { attempt: 3 }), ask(status(500), { retries: 0 })]).to.deep.equal([undefined, undefined]);
  });
  const issuing = [
    ['database/creds/a', true], ['/v1/aws/sts/r', true], ['/v1/ns/aws/creds/r', true], ['gcp/roleset/r/token', true], ['kv/data/app/token', false],
    ['kv/metadata/creds/x', false], ['auth/token/lookup-self', false], ['sys/mounts', false], ['kv/app', false],
  ] as const; // prettier-ignore
  for (const [path, want] of issuing) {
    it(`GET ${path} ${want ? 'may issue a lease: once' : 'may be sent again'}`, () => {
      expect(mayIssue('GET', path)).to.equal(want);
      expect(ask({ failure: 'lost' }, { path }) === undefined).to.equal(want);
    });
  }
  it('listing a path of such a shape issues nothing', () =>
    expect(ask({ failure: 'lost' }, { method: 'LIST', path: 'a/creds/b' })).to.equal(1000));
  it('reads Retry-After in seconds and as a date', () => {
    const now = Date.UTC(2026, 0, 1);
    expect([retryAfterMs('3', now), retryAfterMs('Thu, 01 Jan 2026 00:00:09 GMT', now), retryAfterMs('x', now), retryAfterMs('-1', now), retryAfterMs('', now)])
      .to.deep.equal([3000, 9000, undefined, undefined, undefined]); // prettier-ignore
  });
});

describe('vault/redirect', () => {
  const origin = 'https://a:8200';
  const table = [
    ['/v1/x?y=1', '/v1/x?y=1'], ['https://a:8200/v1/x?y#z', '/v1/x?y'], ['https://b:8200/v1/x', undefined], ['http://a:8200/v1/x', undefined],
    ['//b/v1/x', undefined], [undefined, undefined], ['nonsense', undefined], ['https://a:8200@b/v1', undefined],
  ] as const; // prettier-ignore
  for (const [location, want] of table) {
    it(`${location} ${want === undefined ? 'is not followed' : `leads to ${want}`} (D-31)`, () =>
      expect(sameServerTarget(origin, location)).to.equal(want));
  }
  it('names the host only', () =>
    expect([redirectHost('https://b/secret'), redirectHost(undefined)]).to.deep.equal(['https://b', 'nowhere']));
});

describe('vault/failure', () => {
  it('tells unsent from lost', () => {
    const error = Object.assign(new Error('x'), { code: 'ECONNRESET' });
    expect([failureOf(error, 'a', false).kind, failureOf(error, 'a', true).kind]).to.deep.equal(['unsent', 'lost']);
  });
});

describe('vault/headers', () => {
  const edits = { token: undefined, namespace: '', userAgent: 'ua', keepLength: false };
  it('an odd list loses its last name instead of inventing a value', () => {
    expect(requestHeaders(['A', '1', 'B'], edits)).to.deep.equal(['A', '1', 'User-Agent', 'ua']);
  });
});
