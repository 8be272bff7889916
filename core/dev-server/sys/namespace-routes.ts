// `sys/namespaces`: making, listing, reading and removing namespaces below the current one.
import { fault } from '../backend.js';
import { optionalTextMap } from '../fields.js';
import { unmount } from '../mounts/mounting.js';
import { describeNamespace } from '../mounts/namespaces.js';
import type { Namespace } from '../mounts/namespaces.js';
import { route } from '../routes.js';
import type { Route } from '../routes.js';
import type { CoreReply, CoreRequest, World } from '../world.js';

/** Routes of the namespace endpoints. */
export function namespaceRoutes(world: World): Route[] {
  const at = (request: CoreRequest, path: string): string => `${request.place.path}${path.replace(/\/+$/, '')}/`;
  return [
    route('namespaces', {
      list: (request) => listing(world.namespaces.below(request.place.path, false), request.place.path),
      scan: (request) => listing(world.namespaces.below(request.place.path, true), request.place.path),
    }),
    route('namespaces/*path', {
      read: (request, { path = '' }) => {
        const namespace = world.namespaces.get(at(request, path));
        return namespace === undefined ? undefined : { data: describeNamespace(namespace) };
      },
      write: (request, { path = '' }) => {
        const above = at(request, path).replace(/[^/]+\/$/, '');
        if (world.namespaces.get(above) === undefined) throw fault(400, 'parent namespace does not exist');
        const namespace = world.namespaces.create(at(request, path));
        namespace.customMetadata = optionalTextMap(request.body, 'custom_metadata') ?? namespace.customMetadata;
        return { data: describeNamespace(namespace) };
      },
      delete: (request, { path = '' }) => remove(world, at(request, path)),
    }),
  ];
}

function listing(children: readonly Namespace[], above: string): CoreReply | undefined {
  if (children.length === 0) return undefined;
  const shown = children.map((child) => [child.path.slice(above.length), describeNamespace(child)] as const);
  return { data: { key_info: Object.fromEntries(shown), keys: shown.map(([key]) => key) } };
}

async function remove(world: World, path: string): Promise<CoreReply | undefined> {
  const namespace = world.namespaces.get(path);
  if (namespace === undefined) return undefined;
  if (world.namespaces.below(path, true).length > 0)
    throw fault(400, 'cannot delete namespace containing child namespaces');
  const tokens = world.tokens.all().filter((entry) => entry.namespace === namespace);
  await Promise.all(tokens.map((entry) => world.tokens.revoke(entry)));
  for (const mount of namespace.mounts.all()) {
    if (!['system', 'token', 'identity', 'cubbyhole'].includes(mount.type)) await unmount(world, namespace, mount.path);
  }
  world.namespaces.remove(path);
  return undefined;
}
