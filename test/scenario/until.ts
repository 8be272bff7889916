// Waiting in scenarios: always for something, always bounded. Real time, because sockets and processes live in it.
import type { VirtualClock } from '../../core/sdk/testing/virtual-clock.js';

const LOOK_EVERY_MS = 5;
const turn = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `look` gives something true, and returns it. Throws after the bound, with `what` in the message. */
export async function until<T>(
  what: string | (() => string),
  look: () => T | Promise<T>,
  boundMs = 8_000,
): Promise<Exclude<T, undefined | false | null | '' | 0>> {
  const end = Date.now() + boundMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen as Exclude<T, undefined | false | null | '' | 0>;
    if (Date.now() > end)
      throw new Error(`waited ${String(boundMs)} ms in vain for: ${typeof what === 'string' ? what : what()}`);
    await turn(LOOK_EVERY_MS);
  }
}

/** Throws when `work` takes longer than the bound. */
export function within<T>(what: string, work: Promise<T>, boundMs = 10_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${String(boundMs)} ms`)), boundMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Something whose work can be seen: quiet means that the mark stands still. */
export interface Activity {
  /** Changes with each thing that happens; undefined while something is under way. */
  mark(): string | undefined;
}

// What keeps the loop waiting for something other than a message that may never come.
const UNDER_WAY = /^(FSReq|CloseReq|TCPConnect|PipeConnect|WriteWrap|ShutdownWrap|GetAddrInfo)/;
const isBusy = (): boolean => process.getActiveResourcesInfo().some((name) => UNDER_WAY.test(name));

/** Waits until nothing has happened for a few looks. What is sent over loopback has arrived after a few turns of the event loop. */
export async function quiet(activity: Activity): Promise<void> {
  let before: string | undefined;
  for (let still = 0; still < 4;) {
    for (let turns = 0; turns < 4; turns++) await new Promise((resolve) => setImmediate(resolve));
    const now = isBusy() ? undefined : activity.mark();
    still = now !== undefined && now === before ? still + 1 : 0;
    before = now;
  }
}

/** Moves virtual time on, stopping at each deadline until the traffic that it caused has ended. */
export async function travel(clock: VirtualClock, ms: number, activity: Activity): Promise<void> {
  const end = clock.now() + ms;
  await quiet(activity);
  while (clock.now() < end) {
    await clock.advance(Math.min(clock.nextInMs ?? Infinity, end - clock.now()));
    await quiet(activity);
  }
}

const STEP_MS = 250;

/** Moves virtual time on until `work` has ended, and gives its result; none passes for what needs none. Throws after `boundMs` of virtual time. */
export async function travelUntil<T>(
  clock: VirtualClock,
  work: Promise<T>,
  activity: Activity,
  boundMs: number,
): Promise<T> {
  const end = clock.now() + boundMs;
  let ended = false;
  const over = (): void => void (ended = true);
  const ending = work.then(over, over);
  for (;;) {
    await quiet(activity);
    await Promise.race([ending, turn(LOOK_EVERY_MS)]);
    if (ended) return work;
    if (clock.now() >= end) throw new Error(`nothing ended within ${String(boundMs)} ms of virtual time`);
    await clock.advance(Math.min(STEP_MS, end - clock.now()));
  }
}
