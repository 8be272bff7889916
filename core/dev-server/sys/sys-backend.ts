// The mount `sys/`: gathers the endpoints of the server itself.
import type { Backend } from '../backend.js';
import { routed } from '../routes.js';
import type { CoreRequest, World } from '../world.js';
import { OPEN_MFA_PATHS, mfaValidateRoutes } from '../mfa/mfa-routes.js';
import { capabilityRoutes } from './capabilities.js';
import { leaseRoutes } from './lease-routes.js';
import { mountRoutes } from './mount-routes.js';
import { namespaceRoutes } from './namespace-routes.js';
import { policyRoutes } from './policies.js';
import { OPEN_STATUS_PATHS, statusRoutes } from './status.js';
import { uiMountRoutes } from './ui-mounts.js';
import { OPEN_WRAPPING_PATHS, wrappingRoutes } from './wrapping.js';

const SUDO_PATHS = [
  'auth/*',
  'remount',
  'rotate',
  'leases/lookup/*',
  'leases/revoke-prefix/*',
  'leases/revoke-force/*',
];

/** Makes the mount. */
export function createSys(world: World): Backend {
  const serve = routed([
    ...statusRoutes(world),
    ...mountRoutes(world),
    ...policyRoutes(world),
    ...capabilityRoutes(world),
    ...leaseRoutes(world),
    ...wrappingRoutes(world),
    ...mfaValidateRoutes(world),
    ...namespaceRoutes(world),
    ...uiMountRoutes(world),
  ]);
  return {
    unauthenticated: [
      ...OPEN_STATUS_PATHS,
      ...OPEN_WRAPPING_PATHS,
      ...OPEN_MFA_PATHS,
      'internal/ui/mounts',
      'internal/ui/mounts/*',
    ],
    sudo: SUDO_PATHS,
    handle: (request) => serve(request as CoreRequest),
  };
}
