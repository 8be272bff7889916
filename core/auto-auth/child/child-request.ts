// What is asked of the server for a child token, and who cannot have one. Pure (issue 5, "narrowed child token"; corrections, server).
import type { ChildTokenConfig } from '../../contracts/agent-config.js';
import type { TokenState } from '../../contracts/token-feed.js';

/** Why the server would refuse a child of this token, so that it need not be asked; undefined when it may be. */
export function whyNoChild(parent: TokenState): string | undefined {
  if (parent.form === 'wrapped') return 'the token of the identity is wrapped, the agent itself never sees it';
  if (parent.kind === 'batch') return 'the token of the identity is a batch token, and those cannot make tokens';
  if ((parent.numUses ?? 0) > 0)
    return 'the token of the identity has a limited number of uses, and those cannot make tokens';
  return undefined;
}

/** `auth/token/create`, or with the role. */
export const childPath = ({ role }: ChildTokenConfig): string =>
  role === '' ? 'auth/token/create' : `auth/token/create/${encodeURIComponent(role)}`;

/** The body. What is not configured is left to the server. */
export function childBody(config: ChildTokenConfig): Readonly<Record<string, unknown>> {
  const { policies, noDefaultPolicy, ttlMs, periodMs, numUses, type, orphan, displayName } = config;
  return {
    ...(policies && { policies }),
    ...(noDefaultPolicy && { no_default_policy: true }),
    ...(ttlMs > 0 && { ttl: seconds(ttlMs) }),
    ...(periodMs > 0 && { period: seconds(periodMs) }),
    ...(numUses > 0 && { num_uses: numUses }),
    ...(orphan && { no_parent: true }),
    type,
    display_name: displayName,
    renewable: mayRenew(config),
  };
}

/** Limited tokens are never renewed, because each renewal spends a use; batch tokens cannot be. */
export const mayRenew = ({ numUses, type }: ChildTokenConfig): boolean => numUses === 0 && type === 'service';

const seconds = (ms: number): string => `${String(Math.ceil(ms / 1000))}s`;

/** The smaller of two ends, wall clock, ms; 0 is none. */
export function sooner(one: number, other: number): number {
  if (one === 0 || other === 0) return Math.max(one, other);
  return Math.min(one, other);
}
