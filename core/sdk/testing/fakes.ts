// The stand-ins a plugin under test is built with, one per slot. They keep what happened, so that a test can ask.
import { EnvFake } from './env-fake.js';
import { HealthSpy } from './health-spy.js';
import { LogSpy } from './log-spy.js';
import { StateFake } from './state-fake.js';
import { VaultFake } from './vault-fake.js';
import { VirtualClock } from './virtual-clock.js';

/** One stand-in per slot. */
export interface Fakes {
  readonly log: LogSpy;
  readonly vault: VaultFake;
  readonly clock: VirtualClock;
  readonly health: HealthSpy;
  readonly env: EnvFake;
  readonly state: StateFake;
}

/** Fresh stand-ins. The clock stands at `startMs`, wall clock; default as `VirtualClock`. */
export function makeFakes(startMs?: number): Fakes {
  return {
    log: new LogSpy(),
    vault: new VaultFake(),
    clock: new VirtualClock(startMs),
    health: new HealthSpy(),
    env: new EnvFake(),
    state: new StateFake(),
  };
}
