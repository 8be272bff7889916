import { expect } from 'chai';
import type { Grant } from '../../../core/auto-auth/grant.js';
import {
  IDLE,
  step,
  type Effect,
  type MachineEvent,
  type MachineState,
  type Rules,
} from '../../../core/auto-auth/machine.js';
import { agentError, Secret } from '../../../core/sdk/index.js';

const rules: Rules = {
  minBackoffMs: 1000,
  maxBackoffMs: 300_000,
  exitOnErr: false,
  reauthOnNewCredentials: false,
  random: () => 0,
};
const grant: Grant = {
  form: 'plain',
  token: new Secret('t'),
  accessor: 'a',
  policies: [],
  renewable: true,
  kind: 'service',
  ttlMs: 3_600_000,
};
const error = agentError('AUTH_REFUSED', { status: 403, errors: 'no' });

function play(
  events: readonly MachineEvent[],
  own: Partial<Rules> = {},
): { state: MachineState; effects: readonly Effect[] } {
  let state = IDLE;
  let effects: readonly Effect[] = [];
  for (const event of events) ({ state, effects } = step(state, event, { ...rules, ...own }));
  return { state, effects };
}
const names = (effects: readonly Effect[]): string[] =>
  effects.map((e) =>
    e.do === 'report' ? `report ${e.report.what}` : 'delayMs' in e ? `${e.do} ${Math.round(e.delayMs)}` : e.do,
  );

const START: MachineEvent[] = [{ type: 'start' }];
const OFFERED: MachineEvent[] = [{ type: 'start', offered: true }];
const LOGGING_IN: MachineEvent[] = [
  ...START,
  { type: 'prepared', turn: 1, now: 0, holds: 'credentials', credential: 'one' },
];
const granted = (own: Partial<Grant> = {}, now = 0, turn = 1): MachineEvent => ({
  type: 'granted',
  turn,
  now,
  grant: { ...grant, ...own },
});
const HOLDING = [...LOGGING_IN, granted()];
const RENEWING: MachineEvent[] = [...HOLDING, { type: 'timer', turn: 1, now: 2_520_000 }];

const timer = (turn: number, now: number): MachineEvent => ({ type: 'timer', turn, now });
const refused = (turn: number, now: number): MachineEvent => ({ type: 'refused', turn, now, error });
const prepared = (turn: number, now = 0, credential = 'one'): MachineEvent => ({
  type: 'prepared',
  turn,
  now,
  holds: 'credentials',
  credential,
});
/** That many logins with one credential, each refused at moment 0. */
const refusedTimes = (times: number): MachineEvent[] => [
  { type: 'start' },
  ...Array.from({ length: times }, (_, index) => index + 1).flatMap((turn) => [
    prepared(turn),
    refused(turn, 0),
    ...(turn < times ? [timer(turn, 0)] : []),
  ]),
];

describe('auto-auth/machine', () => {
  const table: {
    name: string;
    events: MachineEvent[];
    rules?: Partial<Rules>;
    phase: MachineState['phase'];
    effects: string[];
  }[] = [
    { name: 'start asks for credentials', events: START, phase: 'preparing', effects: ['prepare'] },
    { name: 'a second start changes nothing', events: [...START, { type: 'start' }], phase: 'preparing', effects: [] },
    {
      name: 'a token of an earlier run is looked up before anything else (spec cache 10.3)',
      events: OFFERED,
      phase: 'logging-in',
      effects: ['lookup-offered'],
    },
    {
      name: 'a token of an earlier run that lives is used without a login; the method accepted nothing, but is listened to',
      events: [...OFFERED, granted()],
      phase: 'holding',
      effects: ['publish', 'listen', 'report resumed', 'schedule 2520000'],
    },
    {
      name: 'a token of an earlier run that is dead leads to a login at once (R-8)',
      events: [...OFFERED, { type: 'offer-refused', turn: 1 }],
      phase: 'preparing',
      effects: ['report offer-refused', 'prepare'],
    },
    {
      name: 'a server that cannot say whether it lives is a back-off',
      events: [...OFFERED, { type: 'failed', turn: 1, error }],
      phase: 'waiting',
      effects: ['report login-failed', 'sleep 1000'],
    },
    {
      name: 'after that back-off the token of the earlier run is tried again, not a login',
      events: [...OFFERED, { type: 'failed', turn: 1, error }, { type: 'timer', turn: 1, now: 0 }],
      phase: 'logging-in',
      effects: ['lookup-offered'],
    },
    {
      name: 'after a token of an earlier run the next login is a normal one',
      events: [...OFFERED, granted(), { type: 'token-refused', now: 60_000 }],
      phase: 'preparing',
      effects: ['report ended', 'prepare'],
    },
    {
      name: 'a refusal of an older turn changes nothing',
      events: [...OFFERED, { type: 'offer-refused', turn: 0 }],
      phase: 'logging-in',
      effects: [],
    },
    {
      name: 'a refused offer means nothing when none was made',
      events: [...LOGGING_IN, { type: 'offer-refused', turn: 1 }],
      phase: 'logging-in',
      effects: [],
    },
    {
      name: 'new credentials while the token of an earlier run is looked up: used, then a login',
      events: [...OFFERED, { type: 'credentials-changed' }, granted()],
      rules: { reauthOnNewCredentials: true },
      phase: 'preparing',
      effects: ['publish', 'listen', 'report resumed', 'prepare'],
    },
    { name: 'prepared credentials lead to a login', events: LOGGING_IN, phase: 'logging-in', effects: ['login'] },
    {
      name: 'a token that the method holds is looked up, not logged in with',
      events: [...START, { type: 'prepared', turn: 1, now: 0, holds: 'token', credential: 'one' }],
      phase: 'logging-in',
      effects: ['lookup-self'],
    },
    {
      name: 'a granted token is published; the first renewal comes at 70.0 % with the smallest grace, not at once (R7, D-77)',
      events: HOLDING,
      phase: 'holding',
      effects: ['publish', 'accepted', 'report granted', 'schedule 2520000'],
    },
    {
      name: 'a wrapped token is published once and nothing is renewed (spec 3.6)',
      events: [...LOGGING_IN, granted({ form: 'wrapped' })],
      phase: 'holding',
      effects: ['publish', 'accepted', 'report granted'],
    },
    {
      name: 'a token that does not expire rests (R9)',
      events: [...LOGGING_IN, granted({ ttlMs: 0 })],
      phase: 'holding',
      effects: ['publish', 'accepted', 'report granted'],
    },
    { name: 'the timer of a renewable token renews', events: RENEWING, phase: 'renewing', effects: ['renew'] },
    {
      name: 'a batch token is replaced, not renewed',
      events: [...LOGGING_IN, granted({ renewable: false, kind: 'batch' }), { type: 'timer', turn: 1, now: 2_520_000 }],
      phase: 'waiting',
      effects: ['report ended', 'sleep 1000'],
    },
    {
      name: 'a renewal sets the next one',
      events: [...RENEWING, { type: 'renewed', turn: 1, now: 2_520_000, ttlMs: 3_600_000, renewable: true }],
      phase: 'holding',
      effects: ['report renewed', 'schedule 2520000'],
    },
    {
      name: 'a renewal that returns no more than four graces ends in a login (R7)',
      events: [...RENEWING, { type: 'renewed', turn: 1, now: 2_520_000, ttlMs: 1_440_000, renewable: true }],
      phase: 'waiting',
      effects: ['report renewed', 'report ended', 'sleep 1000'],
    },
    {
      name: 'a renewal that failed is tried again after 10 s -50 % (R8)',
      events: [...RENEWING, { type: 'renewal-failed', turn: 1, now: 2_520_000, error }],
      phase: 'holding',
      effects: ['report renewal-failed', 'schedule 5000'],
    },
    {
      name: 'a denied renewal is not death: the token is taken as not renewable (R8)',
      events: [...RENEWING, { type: 'renewal-denied', turn: 1, now: 2_520_000, error }],
      phase: 'waiting',
      effects: ['report renewal-failed', 'report ended', 'sleep 1000'],
    },
    {
      name: 'the first failure waits the minimum',
      events: [...LOGGING_IN, { type: 'refused', turn: 1, now: 0, error }],
      phase: 'waiting',
      effects: ['report login-failed', 'sleep 1000'],
    },
    {
      name: 'a failed preparation waits too',
      events: [...START, { type: 'failed', turn: 1, error }],
      phase: 'waiting',
      effects: ['report login-failed', 'sleep 1000'],
    },
    {
      name: 'after the wait everything is prepared afresh: one plan, one attempt',
      events: [...START, { type: 'failed', turn: 1, error }, { type: 'timer', turn: 1, now: 1000 }],
      phase: 'preparing',
      effects: ['prepare'],
    },
    {
      name: 'exit_on_err ends at the first failure (R11)',
      events: [...LOGGING_IN, { type: 'failed', turn: 1, error }],
      rules: { exitOnErr: true },
      phase: 'stopped',
      effects: ['report login-failed', 'exit', 'cancel'],
    },
    {
      name: 'new credentials are ignored unless asked for',
      events: [...HOLDING, { type: 'credentials-changed' }],
      phase: 'holding',
      effects: [],
    },
    {
      name: 'new credentials lead to a login at once, where asked for',
      events: [...HOLDING, { type: 'credentials-changed' }],
      rules: { reauthOnNewCredentials: true },
      phase: 'preparing',
      effects: ['report new-credentials', 'prepare'],
    },
    {
      name: 'new credentials cut the wait after a failure',
      events: [...LOGGING_IN, { type: 'refused', turn: 1, now: 0, error }, { type: 'credentials-changed' }],
      rules: { reauthOnNewCredentials: true },
      phase: 'preparing',
      effects: ['report new-credentials', 'prepare'],
    },
    {
      name: 'new credentials during a login lead to one more after it, and the granted token is still published',
      events: [...LOGGING_IN, { type: 'credentials-changed' }, granted()],
      rules: { reauthOnNewCredentials: true },
      phase: 'preparing',
      effects: ['publish', 'accepted', 'report granted', 'prepare'],
    },
    {
      name: 'a refused token of some age is replaced at once',
      events: [...HOLDING, { type: 'token-refused', now: 60_000 }],
      phase: 'preparing',
      effects: ['report ended', 'prepare'],
    },
    {
      name: 'a refused token that is seconds old waits a second (R9)',
      events: [...HOLDING, { type: 'token-refused', now: 3_000 }],
      phase: 'waiting',
      effects: ['report ended', 'sleep 1000'],
    },
    {
      name: 'a refused token during a login asks for nothing more',
      events: [...LOGGING_IN, { type: 'token-refused', now: 1 }],
      phase: 'logging-in',
      effects: [],
    },
    {
      name: 'a result of an older turn is ignored',
      events: [
        ...START,
        { type: 'failed', turn: 1, error },
        { type: 'timer', turn: 1, now: 1 },
        { type: 'prepared', turn: 1, now: 0, holds: 'token', credential: 'one' },
      ],
      phase: 'preparing',
      effects: [],
    },
    {
      name: '5.1 the third refusal of one credential locks it: one report, changes are listened to, it is looked at again after the longest back-off',
      events: refusedTimes(3),
      phase: 'waiting',
      effects: ['report locked-out', 'listen', 'sleep 300000'],
    },
    {
      name: '5.1 two refusals are ordinary failures',
      events: refusedTimes(2),
      phase: 'waiting',
      effects: ['report login-failed', 'sleep 2000'],
    },
    {
      name: '5.1 while it is locked the same credential is prepared and not sent',
      events: [...refusedTimes(3), timer(3, 300_000), prepared(4, 300_000)],
      phase: 'waiting',
      effects: ['report still-locked-out', 'sleep 300000'],
    },
    {
      name: '5.1 the last look comes when the lock is over',
      events: [...refusedTimes(3), timer(3, 840_000), prepared(4, 840_000)],
      phase: 'waiting',
      effects: ['report still-locked-out', 'sleep 60000'],
    },
    {
      name: '5.1 another credential is sent at once',
      events: [...refusedTimes(3), timer(3, 300_000), prepared(4, 300_000, 'two')],
      phase: 'logging-in',
      effects: ['report new-credentials', 'login'],
    },
    {
      name: '5.1 a refusal of another credential is its first',
      events: [...refusedTimes(3), timer(3, 300_000), prepared(4, 300_000, 'two'), refused(4, 300_000)],
      phase: 'waiting',
      effects: ['report login-failed', 'sleep 8000'],
    },
    {
      name: '5.1 after fifteen minutes the same credential is sent once more',
      events: [...refusedTimes(3), timer(3, 900_000), prepared(4, 900_000)],
      phase: 'logging-in',
      effects: ['login'],
    },
    {
      name: '5.1 a refusal after that locks again',
      events: [...refusedTimes(3), timer(3, 900_000), prepared(4, 900_000), refused(4, 900_000)],
      phase: 'waiting',
      effects: ['report locked-out', 'listen', 'sleep 300000'],
    },
    {
      name: '5.1 a change of the source ends the lock, also where new credentials are no reason for a login',
      events: [...refusedTimes(3), { type: 'credentials-changed' }, prepared(4, 10_000)],
      phase: 'logging-in',
      effects: ['login'],
    },
    {
      name: '5.1 a change while the locked credential is looked at counts too',
      events: [...refusedTimes(3), timer(3, 300_000), { type: 'credentials-changed' }, prepared(4, 300_000)],
      phase: 'logging-in',
      effects: ['login'],
    },
    {
      name: '5.1 what is no verdict on the credential (5xx, 429, no answer) does not count',
      events: [
        ...refusedTimes(2),
        ...[timer(2, 0), prepared(3), { type: 'failed', turn: 3, error } as const],
        ...[timer(3, 0), prepared(4), { type: 'failed', turn: 4, error } as const],
      ],
      phase: 'waiting',
      effects: ['report login-failed', 'sleep 8000'],
    },
    {
      name: '5.1 a failure between refusals does not begin the count anew',
      events: [
        ...refusedTimes(2),
        ...[timer(2, 0), prepared(3), { type: 'failed', turn: 3, error } as const],
        ...[timer(3, 0), prepared(4), refused(4, 0)],
      ],
      phase: 'waiting',
      effects: ['report locked-out', 'listen', 'sleep 300000'],
    },
    {
      name: '5.1 a preparation that fails while a credential is locked is an ordinary failure, and the lock stays',
      events: [
        ...refusedTimes(3),
        ...[timer(3, 300_000), { type: 'failed', turn: 4, error } as const],
        ...[timer(4, 316_000), prepared(5, 316_000)],
      ],
      phase: 'waiting',
      effects: ['report still-locked-out', 'sleep 300000'],
    },
    {
      name: '5.1 a short max_backoff looks once a second at most',
      events: refusedTimes(3),
      rules: { maxBackoffMs: 10 },
      phase: 'waiting',
      effects: ['report locked-out', 'listen', 'sleep 1000'],
    },
    {
      name: '5.1 a success begins the count anew',
      events: [
        ...refusedTimes(2),
        ...[timer(2, 0), prepared(3), granted({}, 0, 3)],
        ...[{ type: 'token-refused', now: 60_000 } as const, prepared(4), refused(4, 60_000)],
      ],
      phase: 'waiting',
      effects: ['report login-failed', 'sleep 1000'],
    },
    {
      name: '5.1 exit_on_err still ends at the first refusal',
      events: refusedTimes(1),
      rules: { exitOnErr: true },
      phase: 'stopped',
      effects: ['report login-failed', 'exit', 'cancel'],
    },
    {
      name: '5.1 credentials that changed during the third login are tried at once',
      events: [...refusedTimes(2), timer(2, 0), prepared(3), { type: 'credentials-changed' }, refused(3, 0)],
      rules: { reauthOnNewCredentials: true },
      phase: 'preparing',
      effects: ['report login-failed', 'prepare'],
    },
    { name: 'stop cancels', events: [...HOLDING, { type: 'stop' }], phase: 'stopped', effects: ['cancel'] },
    {
      name: 'nothing happens after stop',
      events: [...HOLDING, { type: 'stop' }, { type: 'start' }],
      phase: 'stopped',
      effects: [],
    },
  ];
  for (const row of table) {
    it(row.name, () => {
      const { state, effects } = play(row.events, row.rules);
      expect({ phase: state.phase, effects: names(effects) }).to.deep.equal({ phase: row.phase, effects: row.effects });
    });
  }

  const failures = (random: () => number): number[] => {
    let state = step(IDLE, { type: 'start' }, rules).state;
    return Array.from({ length: 12 }, () => {
      const failed = step(state, { type: 'failed', turn: state.turn, error }, { ...rules, random });
      const delay = failed.effects.find((effect) => effect.do === 'sleep');
      state = step(failed.state, { type: 'timer', turn: failed.state.turn, now: 0 }, rules).state;
      return (delay as { delayMs: number }).delayMs;
    });
  };

  it('doubles the wait up to the maximum', () => {
    expect(failures(() => 0)).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300].map((s) => s * 1000));
  });
  it('takes off up to a quarter of each wait', () => {
    const [first, second] = failures(() => 0.999999);
    expect(Math.round(first as number)).to.equal(750);
    expect(Math.round(second as number)).to.equal(1125);
  });
  it('starts from the minimum again after a success', () => {
    const { state } = play([...START, { type: 'failed', turn: 1, error }, { type: 'timer', turn: 1, now: 0 }]);
    const again = step(
      step(state, { type: 'prepared', turn: 2, now: 0, holds: 'token', credential: 'one' }, rules).state,
      granted({}, 0, 2),
      rules,
    ).state;
    expect(again.backoffMs).to.equal(0);
  });
});
