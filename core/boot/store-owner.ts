// Whose a store is: the server and the logins that its records belong to. Pure.
import type { AgentConfig, IdentityConfig } from '../contracts/agent-config.js';

const NAMES = ['role', 'name', 'username'];

/**
 * Text that is the same for agents that may read one another's records: a store of another server or login is of no use, and its tokens must not be
 * tried on this one. Where agents of several machines share a store, the place of a file says nothing: their paths may differ, and who may have which
 * lease is decided by the standing of their tokens.
 */
export function storeOwner({ vault, identities }: Pick<AgentConfig, 'vault' | 'identities'>, shared: boolean): string {
  const addresses = [...(vault.addresses ?? [vault.address])].sort();
  const keys = shared ? NAMES : [...NAMES, 'role_id_file_path'];
  return JSON.stringify({ addresses, namespace: vault.namespace, logins: identities.map((one) => loginOf(one, keys)) });
}

function loginOf({ name, method }: IdentityConfig, keys: readonly string[]): unknown {
  const named = keys.map((key) => method.settings[key]).filter((value) => typeof value === 'string');
  return [name, method.type, method.mountPath, method.namespace, ...named];
}
