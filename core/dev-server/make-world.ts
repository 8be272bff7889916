// Builds the state of a server: root namespace, built-in mounts, the initial root token.
import type { Clock } from '../sdk/index.js';
import { randomHex, randomText, randomUuid } from './chance.js';
import { LeaseStore } from './leases/lease-store.js';
import { LoginMfa } from './mfa/login-mfa.js';
import { Identity } from './mounts/identity.js';
import { mountBuiltIns } from './mounts/built-ins.js';
import { MountTable } from './mounts/mount-table.js';
import { NamespaceTree } from './mounts/namespaces.js';
import type { Namespace } from './mounts/namespaces.js';
import { PolicyStore } from './policy/policy-store.js';
import { issueToken } from './tokens/issue-token.js';
import { TokenStore } from './tokens/token-store.js';
import type { World } from './world.js';

/** A fresh world whose root token is `rootToken`. */
export function makeWorld(clock: Clock, rootToken: string): World {
  const leases = new LeaseStore(clock);
  const tokens = new TokenStore(clock, (entry) => leases.revokeOfToken(entry.id));
  const world: World = {
    clock,
    leases,
    tokens,
    identity: new Identity(),
    mfa: new LoginMfa(clock),
    clusterName: `claviger-dev-${randomHex(4)}`,
    clusterId: randomUuid(),
    namespaces: new NamespaceTree((path, id) => furnish(path, id)),
  };
  const furnish = (path: string, id: string): Namespace => {
    const mounts = new MountTable();
    mountBuiltIns(world, path, mounts);
    return { path, id, uuid: randomUuid(), mounts, policies: new PolicyStore(clock.now()), customMetadata: {} };
  };
  world.namespaces.open();
  const root = world.namespaces.root;
  issueToken(world, {
    namespace: root,
    id: rootToken,
    policies: ['root'],
    path: 'auth/token/root',
    displayName: 'root',
    endless: true,
  });
  return world;
}

/** A random root token. */
export function randomRootToken(): string {
  return `s.${randomText(24)}`;
}
