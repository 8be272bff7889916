// Puts backends into a namespace and takes them out, as `sys/mounts` and `sys/auth` ask for it.
import { fault } from '../backend.js';
import type { Fields, MountConfig } from '../backend.js';
import { AUTH_METHODS, SECRET_ENGINES } from '../backends.js';
import { optionalDuration, optionalFlag, optionalList, optionalText, optionalTextMap } from '../fields.js';
import type { World } from '../world.js';
import { Mounted } from './mounted.js';
import type { MountOrder } from './mounted.js';
import type { Namespace } from './namespaces.js';

/** Mounts what a body describes. Throws 400 for unknown types and taken paths. */
export function mountBackend(
  world: World,
  namespace: Namespace,
  order: { readonly path: string; readonly body: Fields },
): Mounted {
  const { path, body } = order;
  const isAuth = path.startsWith('auth/');
  const { type, version } = typeOf(body);
  const catalog = isAuth ? AUTH_METHODS : SECRET_ENGINES;
  const factory = Object.hasOwn(catalog, type) ? catalog[type] : undefined;
  if (factory === undefined) throw fault(400, `plugin not found in the catalog: ${type}`);
  const given = optionalTextMap(body, 'options') ?? null;
  const mount = new Mounted({
    ...orderParts(world, namespace.path),
    path,
    type,
    factory,
    description: optionalText(body, 'description') ?? '',
    options: version === undefined ? given : { ...given, version },
    config: configOf(body, isAuth),
  });
  namespace.mounts.add(mount);
  return mount;
}

/** Ends the leases and tokens of a mount, then removes it. Unknown paths are left alone. */
export async function unmount(world: World, namespace: Namespace, path: string): Promise<void> {
  if (['sys/', 'cubbyhole/', 'identity/', 'auth/token/'].includes(path)) {
    throw fault(400, `cannot unmount "${path}"`);
  }
  const mount = namespace.mounts.get(path);
  if (mount === undefined) return;
  const tokens = world.tokens.all().filter((entry) => entry.issuer === mount);
  await Promise.all(tokens.map((entry) => world.tokens.revoke(entry)));
  for (const lease of world.leases.under(namespace, path)) {
    await world.leases.revoke(lease).catch(() => world.leases.forget(lease));
  }
  namespace.mounts.remove(path);
}

/** What every mount of a namespace gets from its server. */
export function orderParts(world: World, namespace: string): Pick<MountOrder, 'clock' | 'namespace' | 'revokeLeases'> {
  return {
    clock: world.clock,
    namespace,
    revokeLeases: async (mountPath, prefix) => {
      const place = world.namespaces.get(namespace);
      const leases = place === undefined ? [] : world.leases.under(place, mountPath);
      await Promise.all(
        leases.filter((lease) => lease.path.startsWith(prefix)).map((lease) => world.leases.revoke(lease)),
      );
    },
  };
}

function typeOf(body: Fields): { type: string; version: string | undefined } {
  const type = optionalText(body, 'type') ?? '';
  if (type === '') throw fault(400, 'backend type must be specified as a string');
  if (type === 'kv-v2') return { type: 'kv', version: '2' };
  return { type: type === 'kv-v1' ? 'kv' : type, version: undefined };
}

function configOf(body: Fields, isAuth: boolean): MountConfig {
  const given = body['config'];
  const config: Fields = typeof given === 'object' && given !== null ? (given as Fields) : {};
  return {
    defaultLeaseTtlMs: optionalDuration(config, 'default_lease_ttl') ?? 0,
    maxLeaseTtlMs: optionalDuration(config, 'max_lease_ttl') ?? 0,
    forceNoCache: optionalFlag(config, 'force_no_cache') ?? false,
    tokenType: isAuth ? (optionalText(config, 'token_type') ?? 'default-service') : '',
    listingVisibility: optionalText(config, 'listing_visibility') ?? '',
    passthroughRequestHeaders: optionalList(config, 'passthrough_request_headers') ?? [],
  };
}
