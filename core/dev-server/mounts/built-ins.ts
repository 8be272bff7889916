// The mounts that every namespace has from the start.
import type { BackendFactory } from '../backend.js';
import { createSys } from '../sys/sys-backend.js';
import { createTokenBackend } from '../tokens/token-backend.js';
import type { World } from '../world.js';
import { mfaIdentityRoutes } from '../mfa/mfa-routes.js';
import { createCubbyhole } from './cubbyhole.js';
import { createIdentity } from './identity.js';
import { Mounted, plainConfig } from './mounted.js';
import { orderParts } from './mounting.js';
import type { MountTable } from './mount-table.js';

/** Adds `sys/`, `identity/`, `cubbyhole/` and `auth/token/`. */
export function mountBuiltIns(world: World, namespacePath: string, table: MountTable): void {
  const add = (path: string, type: string, built: { description: string; factory: BackendFactory }): void => {
    const config = plainConfig(path.startsWith('auth/') ? 'default-service' : '');
    table.add(new Mounted({ ...orderParts(world, namespacePath), ...built, path, type, options: null, config }));
  };
  add('sys/', 'system', { description: 'system endpoints', factory: () => createSys(world) });
  const identity: BackendFactory = () => createIdentity(world.identity, mfaIdentityRoutes(world));
  add('identity/', 'identity', { description: 'identity store', factory: identity });
  add('cubbyhole/', 'cubbyhole', { description: 'private storage of each token', factory: createCubbyhole });
  add('auth/token/', 'token', {
    description: 'token based credentials',
    factory: (mount) => createTokenBackend(world, mount),
  });
}
