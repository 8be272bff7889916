// Decides whether a caller may do what it asks: token, bound addresses, number of uses, policies. Spends a use; changes nothing else.
import { denied, fault } from './backend.js';
import { cidrsContain } from './auth/cidr.js';
import type { Fields } from './backend.js';
import { Acl } from './policy/acl.js';
import type { Capability } from './policy/rules.js';
import type { TokenEntry } from './tokens/token-entry.js';
import type { World } from './world.js';

/** What a caller asks for. */
export interface Asked {
  /** Path from the root namespace. */
  readonly path: string;
  readonly capability: Capability;
  readonly sudo: boolean;
  readonly body: Fields;
  readonly wrapMs: number;
  readonly remoteAddress: string;
  /** Help is allowed to every living token. */
  readonly help: boolean;
}

/** A caller that may go on. */
export interface Admitted {
  readonly entry: TokenEntry;
  /** Its last use: revoke it when the answer is made. */
  readonly spent: boolean;
}

/** The token behind a text, if it lives and is used from an address it is bound to. Throws 403 otherwise. */
export function identify(world: World, token: string, remoteAddress: string): TokenEntry {
  const entry = token === '' ? undefined : world.tokens.find(token);
  const bound = entry?.boundCidrs ?? [];
  const elsewhere = bound.length > 0 && !cidrsContain(bound, remoteAddress);
  if (entry === undefined || elsewhere) throw fault(403, 'permission denied');
  return entry;
}

/** Spends one use of a token; throws 403 when its policies forbid the request. */
export function admit(world: World, entry: TokenEntry, asked: Asked): Admitted {
  const spent = world.tokens.use(entry);
  if (asked.help || aclOf(world, entry).allows(asked)) return { entry, spent };
  if (spent) void world.tokens.revoke(entry);
  throw denied();
}

/** The rules of a token's own policies and of its entity's. */
export function aclOf(world: World, entry: TokenEntry): Acl {
  const { namespace } = entry;
  const names = [...entry.policies, ...world.identity.policies(entry.entityId)];
  const rules = names.flatMap((name) => namespace.policies.rules(name));
  return new Acl(
    namespace.path === '' ? rules : rules.map((rule) => ({ ...rule, path: namespace.path + rule.path })),
    entry.policies.includes('root'),
  );
}
