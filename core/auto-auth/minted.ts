// The tokens that logins of one identity made, so that they can be revoked at the end (`revoke_on_shutdown`). Those that the method already held, or an
// earlier run left, are never among them.
import { describeError, type Logger, type Secret } from '../sdk/index.js';
import type { Grant } from './grant.js';
import { isRevocable, revokeToken, type RevokeParts } from './revoke.js';

// Logins so frequent that more than these live at once are a disturbance; the oldest are left to end by themselves.
const MOST = 1_000;

interface Kept {
  readonly grant: Grant;
  readonly endsAt: number;
}

/** The list of one identity. */
export class Minted {
  #kept: readonly Kept[] = [];

  /** A login made this one. What has ended by itself is forgotten. */
  add(grant: Grant, now: number): void {
    const endsAt = grant.ttlMs === 0 ? 0 : now + grant.ttlMs;
    const living = this.#kept.filter((kept) => kept.endsAt === 0 || kept.endsAt > now);
    this.#kept = [...living, { grant, endsAt }].slice(-MOST);
  }

  /** When this one ends, as far as is known now; renewals move it. */
  extend(token: Secret, endsAt: number): void {
    this.#kept = this.#kept.map((kept) => (kept.grant.token === token ? { ...kept, endsAt } : kept));
  }

  has(token: Secret): boolean {
    return this.#kept.some(({ grant }) => grant.token.equals(token));
  }

  /** Revokes them all at once, each with itself. What could not be revoked is logged. Never throws. */
  async revoke(parts: RevokeParts, log: Logger, identity: string): Promise<void> {
    const now = parts.clock.now();
    const due = this.#kept.filter(({ grant, endsAt }) => isRevocable(grant, endsAt, now));
    this.#kept = [];
    const errors = await Promise.all(due.map(({ grant }) => revokeToken(parts, grant.token, `a token of ${identity}`)));
    for (const error of errors) if (error) log.warn({ error: describeError(error) }, 'a token was not revoked');
    const revoked = errors.filter((error) => error === undefined).length;
    if (revoked > 0) log.info({ identity, revoked }, 'tokens revoked');
  }
}
