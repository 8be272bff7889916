import { expect } from 'chai';
import {
  FAILOVER_DEFAULTS,
  allDown,
  candidates,
  decide,
  due,
  firstState,
  verdictOf,
  type FailoverEvent,
  type FailoverState,
} from '../../../core/vault/failover.js';

const rules = { ...FAILOVER_DEFAULTS, failures: 2, coolDownMs: 30_000 };
const after = (events: readonly FailoverEvent[], count = 3, from = firstState(count)): FailoverState =>
  events.reduce((state, event) => decide(state, event, rules), from);
const failed = (host: number, at = 0): FailoverEvent => ({ kind: 'failed', host, at });
const answered = (host: number, at = 0): FailoverEvent => ({ kind: 'answered', host, at });
const up = (host: number, role: 'active' | 'standby' = 'active', cluster: string | undefined = 'c'): FailoverEvent => ({
  kind: 'health',
  host,
  at: 0,
  verdict: { usable: true, role, cluster },
});
const sealed = (host: number, at = 0): FailoverEvent => ({
  kind: 'health',
  host,
  at,
  verdict: { usable: false, why: 'sealed' },
});
const chosen: FailoverEvent = { kind: 'chosen' };
const healths = (state: FailoverState): string[] => state.hosts.map(({ health }) => health);

describe('vault/failover', () => {
  describe('what sys/health means', () => {
    for (const [status, usable] of [
      [200, 'active'],
      [429, 'standby'],
      [472, 'standby'],
      [473, 'standby'],
      [501, undefined],
      [503, undefined],
      [508, undefined],
      [404, undefined],
      [302, undefined],
    ] as const) {
      it(`${status}: ${usable ?? 'not usable'}`, () => {
        const verdict = verdictOf(status, { cluster_id: 'x' });
        expect(verdict).to.deep.include(usable === undefined ? { usable: false } : { role: usable, cluster: 'x' });
      });
    }
    for (const body of [undefined, null, 7, 'text', {}, { cluster_id: 7 }, { cluster_id: '' }, []]) {
      it(`an answer like ${JSON.stringify(body)} names no cluster and is no error`, () => {
        expect(verdictOf(200, body)).to.deep.equal({ usable: true, role: 'active', cluster: undefined });
      });
    }
  });

  describe('leaving an address', () => {
    it('one failure is not enough, two in a row are; the active server is taken', () => {
      const known = after([up(0), up(1, 'standby'), up(2)]);
      expect(after([failed(0)], 3, known).current).to.equal(0);
      const left = after([failed(0), failed(0, 5)], 3, known);
      expect([left.current, left.choosing, left.hosts[0]?.restsUntil]).to.deep.equal([2, true, 30_005]);
    });
    it('an answer between two failures counts from the beginning', () => {
      expect(after([up(1), failed(0), answered(0), failed(0)]).current).to.equal(0);
    });
    it('a sealed server is left at once', () => {
      expect(after([up(0), up(1), sealed(0)]).current).to.equal(1);
    });
    it('an address that nobody has asked is not taken: its cluster is not known', () => {
      const state = after([failed(0), failed(0)]);
      expect([state.current, state.choosing]).to.deep.equal([0, true]);
      expect(after([up(2)], 3, state).current).to.equal(2);
    });
    it('a standby is taken when there is nothing better, and an active one replaces it while the choice goes on', () => {
      const standby = after([failed(0), failed(0), up(1, 'standby')]);
      expect(standby.current).to.equal(1);
      expect(after([up(2)], 3, standby).current).to.equal(2);
      expect(after([chosen, up(2)], 3, standby).current).to.equal(1);
    });
    it('does not go back by itself while the current one is healthy', () => {
      const moved = after([up(0), up(1, 'standby'), sealed(0), chosen]);
      expect(after([up(0), answered(1), up(1, 'standby'), up(0)], 3, moved).current).to.equal(1);
    });
    it('with nothing usable the preferred address is tried, and one that works again is taken', () => {
      const nothing = after([up(1), sealed(0), sealed(1), sealed(2)]);
      expect([nothing.current, allDown(nothing)]).to.deep.equal([0, true]);
      expect(after([up(2)], 3, nothing).current).to.equal(2);
      const again = after([answered(0)], 3, nothing);
      expect([again.current, healths(again)[0]]).to.deep.equal([0, 'standby']);
    });
  });

  describe('resting and asking', () => {
    it('asks the address in use and those that nobody has asked; others that work are left alone', () => {
      expect(due(firstState(3), 0)).to.deep.equal([0, 1, 2]);
      expect(due(after([up(0), up(1), up(2)]), 0)).to.deep.equal([0]);
    });
    it('an address that is down is asked after its rest only, and rests anew when it fails again', () => {
      const rested = after([up(0), up(1), sealed(2, 1000)]);
      expect([due(rested, 30_999), due(rested, 31_000)]).to.deep.equal([[0], [0, 2]]);
      expect(due(after([failed(2, 31_000)], 3, rested), 60_999)).to.deep.equal([0]);
    });
    it('an address that answers well after its rest may be used again', () => {
      const back = after([up(0), up(1), sealed(2), up(2)]);
      expect([candidates(back), back.hosts[2]?.failures]).to.deep.equal([[1, 2], 0]);
    });
    it('while nothing works everyone is asked', () => {
      expect(due(after([sealed(0), sealed(1), sealed(2)]), 1)).to.deep.equal([0, 1, 2]);
    });
  });

  describe('another cluster', () => {
    it('is told from the one of the address in use, whoever answers first', () => {
      const state = after([up(1, 'active', 'stranger'), up(0, 'standby', 'ours'), up(2, 'active', 'ours')]);
      expect([healths(state), state.cluster]).to.deep.equal([['standby', 'foreign', 'active'], 'ours']);
      expect(candidates(state)).to.deep.equal([2]);
    });
    it('is never used, not even when all else is down', () => {
      const state = after([up(0), up(1, 'active', 'stranger'), sealed(0), sealed(2)]);
      expect([state.current, allDown(state)]).to.deep.equal([0, true]);
    });
    it('the address in use is left when it becomes another cluster', () => {
      expect(after([up(0), up(1), up(0, 'active', 'stranger')]).current).to.equal(1);
    });
    it('an address that comes back to our cluster may be used', () => {
      expect(candidates(after([up(0), up(1, 'active', 'x'), up(1)]))).to.deep.equal([1]);
    });
    it('a cluster that was made anew is believed when all addresses name it', () => {
      const state = after([up(0), up(1), up(0, 'active', 'new'), up(1, 'active', 'new')], 2);
      expect([state.cluster, healths(state)[state.current]]).to.deep.equal(['new', 'active']);
    });
    it('servers that name no cluster are believed', () => {
      const state = after([
        { kind: 'health', host: 0, at: 0, verdict: { usable: true, role: 'active', cluster: undefined } },
        { kind: 'health', host: 1, at: 0, verdict: { usable: true, role: 'active', cluster: undefined } },
      ]);
      expect(candidates(state)).to.deep.equal([1]);
    });
  });

  it('an event of an address that does not exist changes nothing', () => {
    const state = firstState(2);
    expect(decide(state, failed(7), rules)).to.equal(state);
  });
});
