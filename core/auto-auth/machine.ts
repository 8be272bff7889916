// The whole life of an identity's token as one pure table: (state, event) -> (state, effects) (architecture 2.7, spec config 3.3 to 3.5).
// It must not know how effects are carried out. Results carry the `turn` they belong to; those of an older turn are ignored.
import { nextBackoff } from '../kernel/backoff.js';
import type { AgentError } from '../sdk/index.js';
import { beginLifetime, nextStep, type EndReason, type Lifetime, type LifetimeEvent } from '../vault/lifetime.js';
import type { Grant } from './grant.js';
import { LOCKED_MS, refusedAgain, unlocked, unlockedAt, type Refusals } from './lockout.js';

/** Where an identity stands. `waiting` is a pause before a login; an older token may still be published meanwhile. */
export type Phase = 'idle' | 'preparing' | 'logging-in' | 'holding' | 'renewing' | 'waiting' | 'stopped';

/** Fixed for one identity. */
export interface Rules {
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly exitOnErr: boolean;
  readonly reauthOnNewCredentials: boolean;
  readonly random: () => number;
}

/** The state. */
export interface MachineState {
  readonly phase: Phase;
  /** Grows with each login that is begun. */
  readonly turn: number;
  /** Last wait after a failed login, 0 after a success. */
  readonly backoffMs: number;
  readonly lifetime: Lifetime | undefined;
  /** When the present token was granted; 0 before the first. */
  readonly grantedAt: number;
  /** How many tokens in a row lived less than ten seconds, and the last pause made for that (R9). */
  readonly shortLives: number;
  readonly stormMs: number;
  /** Credentials changed while a login was under way: log in once more after it. */
  readonly again: boolean;
  /** A token of an earlier run is at hand, and the server has not yet said whether it lives (spec cache 10.3, step 4). */
  readonly offered: boolean;
  /** Fingerprint of the credential that the login under way sends. */
  readonly credential: string;
  /** How often the server refused one credential in a row, and whether it is locked (rule 5.1). */
  readonly refusals: Refusals | undefined;
}

/** What happened. */
export type MachineEvent =
  | { readonly type: 'start'; readonly offered?: boolean }
  | {
      readonly type: 'prepared';
      readonly turn: number;
      readonly now: number;
      readonly holds: 'credentials' | 'token';
      /** Fingerprint of what the server will judge. */
      readonly credential: string;
    }
  | { readonly type: 'granted'; readonly turn: number; readonly now: number; readonly grant: Grant }
  /** The server judged the credential and refused it; anything else that went wrong has `failed`. */
  | { readonly type: 'refused'; readonly turn: number; readonly now: number; readonly error: AgentError }
  | { readonly type: 'failed'; readonly turn: number; readonly error: AgentError }
  | { readonly type: 'offer-refused'; readonly turn: number }
  | { readonly type: 'timer'; readonly turn: number; readonly now: number }
  | {
      readonly type: 'renewed';
      readonly turn: number;
      readonly now: number;
      readonly ttlMs: number;
      readonly renewable: boolean;
    }
  | {
      readonly type: 'renewal-failed' | 'renewal-denied';
      readonly turn: number;
      readonly now: number;
      readonly error: AgentError;
    }
  | { readonly type: 'credentials-changed' }
  | { readonly type: 'token-refused'; readonly now: number }
  | { readonly type: 'stop' };

/** What the driver must tell people, metrics and health. */
export type Report =
  | { readonly what: 'granted' }
  | { readonly what: 'resumed' }
  | { readonly what: 'offer-refused' }
  | { readonly what: 'renewed' }
  | { readonly what: 'login-failed'; readonly error: AgentError; readonly backoffMs: number }
  /** AUTH_LOCKED_OUT: the credential is not sent again for `waitMs`. */
  | { readonly what: 'locked-out'; readonly error: AgentError; readonly waitMs: number }
  | { readonly what: 'still-locked-out'; readonly error: AgentError }
  | { readonly what: 'renewal-failed'; readonly error: AgentError }
  | { readonly what: 'ended'; readonly reason: EndReason | 'refused' }
  | { readonly what: 'new-credentials' };

/** What to do. `schedule` and `sleep` set the one timer; every other timer is forgotten. */
export type Effect =
  | { readonly do: 'prepare' | 'login' | 'lookup-self' | 'lookup-offered'; readonly turn: number }
  | { readonly do: 'publish' | 'accepted'; readonly grant: Grant }
  | { readonly do: 'listen' }
  | { readonly do: 'schedule' | 'sleep'; readonly turn: number; readonly delayMs: number }
  | { readonly do: 'renew'; readonly turn: number; readonly incrementSeconds: number }
  | { readonly do: 'report'; readonly report: Report }
  | { readonly do: 'exit'; readonly error: AgentError }
  | { readonly do: 'cancel' };

/** A state and what to do on entering it. */
export interface Turn {
  readonly state: MachineState;
  readonly effects: readonly Effect[];
}

/** Before `start`. */
export const IDLE: MachineState = {
  phase: 'idle',
  turn: 0,
  backoffMs: 0,
  lifetime: undefined,
  grantedAt: 0,
  shortLives: 0,
  stormMs: 0,
  again: false,
  offered: false,
  credential: '',
  refusals: undefined,
};

const LEAST_PAUSE_MS = 1_000;
const SHORT_LIFE_MS = 10_000;

const stay = (state: MachineState): Turn => ({ state, effects: [] });
const report = (what: Report): Effect => ({ do: 'report', report: what });

/** The table. Events that do not fit the phase, or belong to an older turn, change nothing. */
export function step(state: MachineState, event: MachineEvent, rules: Rules): Turn {
  if (state.phase === 'stopped') return stay(state);
  if ('turn' in event && event.turn !== state.turn) return stay(state);
  switch (event.type) {
    case 'start':
      return state.phase === 'idle' ? begin({ ...state, offered: event.offered === true }) : stay(state);
    case 'offer-refused':
      return state.offered && isLoggingIn(state) ? onOfferRefused(state) : stay(state);
    case 'prepared':
      return state.phase === 'preparing' ? onPrepared(state, event, rules) : stay(state);
    case 'granted':
      return state.phase === 'logging-in' ? onGranted(state, event, rules) : stay(state);
    case 'refused':
    case 'failed':
      return isLoggingIn(state) ? onFailed(counted(state, event), event.error, rules) : stay(state);
    case 'timer':
      return onTimer(state, event.now, rules);
    case 'renewed':
    case 'renewal-failed':
    case 'renewal-denied':
      return state.phase === 'renewing' ? onRenewal(state, event, rules) : stay(state);
    case 'credentials-changed':
      return onCredentials(state, rules);
    case 'token-refused':
      return isHolding(state) ? relogin(state, event.now, 'refused', rules) : stay(state);
    case 'stop':
      return { state: { ...state, phase: 'stopped' }, effects: [{ do: 'cancel' }] };
  }
}

const isLoggingIn = ({ phase }: MachineState): boolean => phase === 'preparing' || phase === 'logging-in';
const isHolding = ({ phase }: MachineState): boolean => phase === 'holding' || phase === 'renewing';

function begin(state: MachineState): Turn {
  const turn = state.turn + 1;
  if (state.offered)
    return { state: { ...state, phase: 'logging-in', turn, again: false }, effects: [{ do: 'lookup-offered', turn }] };
  return { state: { ...state, phase: 'preparing', turn, again: false }, effects: [{ do: 'prepare', turn }] };
}

const onOfferRefused = (state: MachineState): Turn =>
  prepend(report({ what: 'offer-refused' }), begin({ ...state, offered: false }));

// A credential that is locked is only looked at, not sent; another one ends the lock.
function onPrepared(state: MachineState, event: Extract<MachineEvent, { type: 'prepared' }>, rules: Rules): Turn {
  const { holds, credential, now } = event;
  const { refusals } = state;
  const same = refusals?.credential === credential;
  if (same && refusals.lock !== undefined) return restLocked(state, refusals.lock, now, rules);
  const effect: Effect = { do: holds === 'token' ? 'lookup-self' : 'login', turn: state.turn };
  const next: Turn = {
    state: { ...state, phase: 'logging-in', credential, refusals: same ? refusals : undefined },
    effects: [effect],
  };
  return refusals?.lock === undefined ? next : prepend(report({ what: 'new-credentials' }), next);
}

// Changes are listened to from now on, also when no login has worked yet.
function lockedOut(state: MachineState, error: AgentError, rules: Rules): Turn {
  return {
    state: { ...state, phase: 'waiting' },
    effects: [
      report({ what: 'locked-out', error, waitMs: LOCKED_MS }),
      { do: 'listen' },
      lookAgain(state, LOCKED_MS, rules),
    ],
  };
}

function restLocked(state: MachineState, lock: NonNullable<Refusals['lock']>, now: number, rules: Rules): Turn {
  return {
    state: { ...state, phase: 'waiting' },
    effects: [report({ what: 'still-locked-out', error: lock.error }), lookAgain(state, lock.until - now, rules)],
  };
}

// Until the lock is over the credential is looked at as often as after many failures.
const lookAgain = ({ turn }: MachineState, restMs: number, rules: Rules): Effect => ({
  do: 'sleep',
  turn,
  delayMs: Math.min(restMs, Math.max(LEAST_PAUSE_MS, rules.maxBackoffMs)),
});

function counted(state: MachineState, event: Extract<MachineEvent, { type: 'refused' | 'failed' }>): MachineState {
  if (event.type === 'failed' || state.phase !== 'logging-in') return state;
  const refusals = refusedAgain(state.refusals, state.credential, event.now, event.error);
  return { ...state, refusals: state.again ? unlocked(refusals) : refusals };
}

function onGranted(state: MachineState, event: Extract<MachineEvent, { type: 'granted' }>, rules: Rules): Turn {
  const { grant, now } = event;
  const ttlMs = grant.form === 'wrapped' ? 0 : grant.ttlMs;
  const life = beginLifetime({ ttlMs, renewable: grant.renewable, now }, rules.random);
  const effects: Effect[] = [{ do: 'publish', grant }, ...welcome(state, grant)];
  const next: MachineState = {
    ...state,
    offered: false,
    phase: 'holding',
    backoffMs: 0,
    refusals: undefined,
    lifetime: ttlMs === 0 ? undefined : life.state,
    grantedAt: now,
  };
  if (state.again) {
    const more = begin(next);
    return { state: more.state, effects: [...effects, ...more.effects] };
  }
  if (life.step.do === 'wait') effects.push({ do: 'schedule', turn: state.turn, delayMs: life.step.delayMs });
  return { state: next, effects };
}

// The method has no part in a token of an earlier run: nothing of it was accepted.
const welcome = ({ offered }: MachineState, grant: Grant): Effect[] =>
  offered ? [{ do: 'listen' }, report({ what: 'resumed' })] : [{ do: 'accepted', grant }, report({ what: 'granted' })];

function onFailed(state: MachineState, error: AgentError, rules: Rules): Turn {
  const backoffMs = nextBackoff(
    state.backoffMs,
    { minMs: rules.minBackoffMs, maxMs: rules.maxBackoffMs },
    rules.random,
  );
  const told = report({ what: 'login-failed', error, backoffMs });
  const lock = state.phase === 'logging-in' ? state.refusals?.lock : undefined;
  if (rules.exitOnErr)
    return { state: { ...state, phase: 'stopped' }, effects: [told, { do: 'exit', error }, { do: 'cancel' }] };
  if (state.again) {
    const more = begin(state);
    return { state: more.state, effects: [told, ...more.effects] };
  }
  if (lock) return lockedOut({ ...state, backoffMs }, lock.error, rules);
  const sleep: Effect = { do: 'sleep', turn: state.turn, delayMs: backoffMs };
  return { state: { ...state, phase: 'waiting', backoffMs }, effects: [told, sleep] };
}

function onTimer(state: MachineState, now: number, rules: Rules): Turn {
  if (state.phase === 'waiting') return begin({ ...state, refusals: unlockedAt(state.refusals, now) });
  if (state.phase !== 'holding' || state.lifetime === undefined) return stay(state);
  return live(state, { type: 'timer', now }, rules);
}

function onRenewal(
  state: MachineState,
  event: Extract<MachineEvent, { type: 'renewed' | 'renewal-failed' | 'renewal-denied' }>,
  rules: Rules,
): Turn {
  const { now } = event;
  if (event.type === 'renewed') {
    const { ttlMs, renewable } = event;
    return prepend(report({ what: 'renewed' }), live(state, { type: 'renewed', now, ttlMs, renewable }, rules));
  }
  const type = event.type === 'renewal-failed' ? 'failed' : 'denied';
  return prepend(report({ what: 'renewal-failed', error: event.error }), live(state, { type, now }, rules));
}

const prepend = (effect: Effect, turn: Turn): Turn => ({ state: turn.state, effects: [effect, ...turn.effects] });

function live(state: MachineState, event: LifetimeEvent, rules: Rules): Turn {
  const { state: lifetime, step: next } = nextStep(state.lifetime as Lifetime, event, rules.random);
  const kept: MachineState = { ...state, lifetime };
  switch (next.do) {
    case 'renew':
      return {
        state: { ...kept, phase: 'renewing' },
        effects: [{ do: 'renew', turn: state.turn, incrementSeconds: next.incrementSeconds }],
      };
    case 'wait':
      return {
        state: { ...kept, phase: 'holding' },
        effects: [{ do: 'schedule', turn: state.turn, delayMs: next.delayMs }],
      };
    case 'rest':
      return stay({ ...kept, phase: 'holding' });
    case 'end':
      return relogin(kept, event.now, next.reason, rules);
  }
}

// A token that the server refused after a long life is replaced at once. Otherwise always a pause of a second; growing ones when tokens keep dying young, so that short lives never become a storm of logins (R9).
function relogin(state: MachineState, now: number, reason: EndReason | 'refused', rules: Rules): Turn {
  const shortLives = now - state.grantedAt < SHORT_LIFE_MS ? state.shortLives + 1 : 0;
  if (reason === 'refused' && shortLives === 0)
    return prepend(report({ what: 'ended', reason }), begin({ ...state, shortLives, stormMs: 0 }));
  const bounds = { minMs: Math.max(rules.minBackoffMs, 2 * LEAST_PAUSE_MS), maxMs: rules.maxBackoffMs };
  const stormMs = shortLives < 2 ? 0 : nextBackoff(state.stormMs, bounds, rules.random);
  const delayMs = Math.max(LEAST_PAUSE_MS, stormMs);
  return {
    state: { ...state, phase: 'waiting', shortLives, stormMs },
    effects: [report({ what: 'ended', reason }), { do: 'sleep', turn: state.turn, delayMs }],
  };
}

// The end of a lock is a change of the source also where a change is no reason to replace a token (rule 5.1).
function onCredentials(state: MachineState, rules: Rules): Turn {
  const wanted = rules.reauthOnNewCredentials;
  if (state.phase === 'idle' || (!wanted && state.refusals?.lock === undefined)) return stay(state);
  const next: MachineState = { ...state, refusals: unlocked(state.refusals) };
  if (isLoggingIn(state)) return stay({ ...next, again: wanted });
  return prepend(report({ what: 'new-credentials' }), begin(next));
}
