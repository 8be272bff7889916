// `sys/internal/ui/mounts`: which mount a path belongs to. Clients ask it before they use a path, and it tells whether a token lives
// without spending a use of it.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { aclOf, identify } from '../gate.js';
import type { Mounted } from '../mounts/mounted.js';
import { route } from '../routes.js';
import type { Route } from '../routes.js';
import type { TokenEntry } from '../tokens/token-entry.js';
import type { CoreReply, CoreRequest, World } from '../world.js';

/** Routes of the endpoint. They check the token themselves. */
export function uiMountRoutes(world: World): Route[] {
  return [
    route('internal/ui/mounts', { read: (request) => visibleMounts(world, request) }),
    route('internal/ui/mounts/*path', { read: (request, { path = '' }) => mountOf(world, request, path) }),
  ];
}

function visibleMounts(world: World, request: CoreRequest): CoreReply {
  const entry = request.tokenText === '' ? undefined : identify(world, request.tokenText, request.remoteAddress);
  const visible = request.place.mounts.all().filter((mount) => isVisible(world, request, { mount, entry }));
  const show = (mounts: readonly Mounted[], skip: number): Fields =>
    Object.fromEntries(mounts.map((mount) => [mount.path.slice(skip), brief(mount, entry)]));
  return {
    data: {
      auth: show(
        visible.filter((mount) => mount.isAuth),
        5,
      ),
      secret: show(
        visible.filter((mount) => !mount.isAuth),
        0,
      ),
    },
  };
}

function brief(mount: Mounted, entry: TokenEntry | undefined): Fields {
  const { type, description, options } = mount;
  return entry === undefined ? { type, description, options } : mount.describe();
}

function isVisible(
  world: World,
  request: CoreRequest,
  what: { readonly mount: Mounted; readonly entry: TokenEntry | undefined },
): boolean {
  if (what.entry === undefined) return what.mount.config.listingVisibility === 'unauth';
  return aclOf(world, what.entry).reaches(request.place.path + what.mount.path);
}

function mountOf(world: World, request: CoreRequest, path: string): CoreReply {
  const entry = identify(world, request.tokenText, request.remoteAddress);
  const found = request.place.mounts.locate(path)?.mount;
  const mayKnow = found !== undefined && aclOf(world, entry).reaches(request.place.path + found.path);
  if (!mayKnow) {
    const shown = `${path.replace(/\/+$/, '')}/`;
    throw fault(
      403,
      `preflight capability check returned 403, please ensure client's policies grant access to path "${shown}"`,
    );
  }
  return { data: { ...found.describe(), path: found.path } };
}
