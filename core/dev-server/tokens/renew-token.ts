// Renewal of tokens, whoever asks: the issuing method gives the terms, the lifetime rule does the rest.
import { fault } from '../backend.js';
import type { Terms } from '../backend.js';
import { SYSTEM_TTL_MS } from '../mounts/mounted.js';
import type { CoreReply, CoreRequest, World } from '../world.js';
import type { TokenEntry } from './token-entry.js';
import type { TokenRole } from './token-roles.js';
import { lifetime } from './ttl.js';

/** A renewal to do. */
export interface RenewOrder {
  readonly entry: TokenEntry;
  readonly incrementMs: number;
  readonly role: TokenRole | undefined;
  readonly hideId?: boolean;
}

/** Extends a token. Throws 400 for tokens that cannot be renewed, and what the issuing method refuses. */
export async function renewToken(world: World, request: CoreRequest, order: RenewOrder): Promise<CoreReply> {
  const { entry } = order;
  if (entry.type === 'batch') throw fault(400, 'batch tokens cannot be renewed');
  if (!entry.renewable || entry.expiresAtMs === undefined) throw fault(400, 'lease is not renewable');
  const terms = await termsOf(request, order);
  const answer = lifetime({
    incrementMs: order.incrementMs,
    ttlMs: terms.ttlMs ?? entry.ttlMs,
    maxTtlMs: terms.maxTtlMs ?? entry.maxTtlMs,
    periodMs: terms.periodMs ?? entry.periodMs,
    explicitMaxTtlMs: entry.explicitMaxTtlMs,
    mountDefaultMs: entry.issuer?.defaultLeaseTtlMs() ?? SYSTEM_TTL_MS,
    mountMaxMs: entry.issuer?.maxLeaseTtlMs() ?? SYSTEM_TTL_MS,
    issuedAtMs: entry.createdAtMs,
    nowMs: world.clock.now(),
  });
  world.tokens.extend(entry, answer.ttlMs);
  return { shown: { entry, ttlMs: answer.ttlMs, hideId: order.hideId ?? false }, warnings: answer.warnings };
}

async function termsOf(request: CoreRequest, order: RenewOrder): Promise<Terms> {
  const { entry } = order;
  if (entry.issuer?.backend.renewAuth === undefined) {
    return order.role === undefined ? {} : { periodMs: order.role.periodMs };
  }
  const { internal, metadata, policies } = entry;
  return entry.issuer.backend.renewAuth({ internal, metadata, policies, request });
}
