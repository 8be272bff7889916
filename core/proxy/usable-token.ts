// Whether the token of an identity can be sent for a client. Pure.
import type { TokenState } from '../contracts/token-feed.js';
import type { Clock } from '../sdk/index.js';

/** True for a plain token whose life is not over: a wrapped one is for sinks only, an expired one is none (D-22). */
export function isUsable(state: TokenState | undefined, clock: Clock): state is TokenState {
  return state?.form === 'plain' && (state.expiresAt === 0 || state.expiresAt > clock.now());
}
