// Which passcodes were used, and how often an entity tried lately: what makes a passcode good once (the server's login MFA).
import type { Clock } from '../../sdk/index.js';
import type { TotpMethod } from './totp-method.js';

/** Passcodes and attempts, forgotten by time. */
export class Attempts {
  readonly #clock: Clock;
  readonly #used = new Map<string, number>();
  readonly #tries = new Map<string, { count: number; readonly untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why this attempt is not looked at: undefined when it may be. Counts it. */
  refuse(method: TotpMethod, entityId: string, code: string): string | undefined {
    const now = this.#clock.now();
    if ((this.#used.get(`${method.id}_${code}`) ?? 0) > now)
      return `code already used; new code is available in ${String(method.periodS)} seconds`;
    const key = `${method.id}_${entityId}`;
    const kept = this.#tries.get(key);
    const tries = kept !== undefined && kept.untilMs > now ? kept : { count: 0, untilMs: now + method.periodS * 1000 };
    if (tries.count === method.mostAttempts) {
      const allowed = String(method.mostAttempts);
      return `maximum TOTP validation attempts ${String(tries.count + 1)} exceeded the allowed attempts ${allowed}. Please try again in ${String(method.periodS)} seconds`;
    }
    this.#tries.set(key, { ...tries, count: tries.count + 1 });
    return undefined;
  }

  /** The code was good: it is not again while it might be. */
  spend(method: TotpMethod, entityId: string, code: string): void {
    const { id, periodS, skew } = method;
    this.#used.set(`${id}_${code}`, this.#clock.now() + periodS * (2 + skew) * 1000);
    this.#tries.delete(`${id}_${entityId}`);
  }
}
