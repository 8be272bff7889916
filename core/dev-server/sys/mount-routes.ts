// `sys/mounts` and `sys/auth`: mounting, tuning, unmounting. Unmounting ends the leases and tokens of the mount.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalFlag, optionalList, optionalText, optionalTextMap } from '../fields.js';
import { mountBackend, unmount } from '../mounts/mounting.js';
import { passedHeaders } from '../mounts/mounted.js';
import type { Mounted } from '../mounts/mounted.js';
import { route } from '../routes.js';
import type { Route } from '../routes.js';
import { wholeSeconds } from '../wire/moment.js';
import type { CoreReply, CoreRequest, World } from '../world.js';

/** Routes of both tables. */
export function mountRoutes(world: World): Route[] {
  return [...tableRoutes(world, 'mounts', ''), ...tableRoutes(world, 'auth', 'auth/')];
}

function tableRoutes(world: World, name: string, prefix: string): Route[] {
  const folder = (path: string): string => `${prefix}${path.replace(/\/+$/, '')}/`;
  const find = (request: CoreRequest, path: string): Mounted => {
    const mount = request.place.mounts.get(folder(path));
    if (mount === undefined) throw fault(400, noMount(path, prefix));
    return mount;
  };
  return [
    route(name, { read: (request) => listing(request, prefix) }),
    route(`${name}/*path/tune`, {
      read: (request, { path = '' }) => tuning(find(request, path)),
      write: (request, { path = '' }) => {
        tune(find(request, path), request.body);
        return undefined;
      },
    }),
    route(`${name}/*path`, {
      read: (request, { path = '' }) => {
        const data = find(request, path).describe();
        return { data, inlined: data };
      },
      write: (request, { path = '' }) => {
        mountBackend(world, request.place, { path: folder(path), body: request.body });
        return undefined;
      },
      delete: async (request, { path = '' }) => {
        await unmount(world, request.place, folder(path));
        return undefined;
      },
    }),
  ];
}

function noMount(path: string, prefix: string): string {
  return prefix === '' ? `No secret engine mount at ${path}/` : `No auth engine at ${path}/`;
}

function listing(request: CoreRequest, prefix: string): CoreReply {
  const entries = request.place.mounts
    .all()
    .filter((mount) => mount.isAuth === (prefix !== ''))
    .map((mount) => [mount.path.slice(prefix.length), mount.describe()] as const);
  const data = Object.fromEntries(entries);
  return { data, inlined: data };
}

function tuning(mount: Mounted): CoreReply {
  const data: Fields = {
    default_lease_ttl: wholeSeconds(mount.defaultLeaseTtlMs()),
    max_lease_ttl: wholeSeconds(mount.maxLeaseTtlMs()),
    force_no_cache: mount.config.forceNoCache,
    description: mount.description,
    ...(mount.options === null ? {} : { options: mount.options }),
    ...(mount.isAuth ? { token_type: mount.config.tokenType } : {}),
    ...(mount.config.listingVisibility === '' ? {} : { listing_visibility: mount.config.listingVisibility }),
    ...passedHeaders(mount.config),
  };
  return { data, inlined: data };
}

function tune(mount: Mounted, body: Fields): void {
  const { config } = mount;
  config.defaultLeaseTtlMs = optionalDuration(body, 'default_lease_ttl') ?? config.defaultLeaseTtlMs;
  config.maxLeaseTtlMs = optionalDuration(body, 'max_lease_ttl') ?? config.maxLeaseTtlMs;
  config.forceNoCache = optionalFlag(body, 'force_no_cache') ?? config.forceNoCache;
  config.listingVisibility = optionalText(body, 'listing_visibility') ?? config.listingVisibility;
  config.tokenType = optionalText(body, 'token_type') ?? config.tokenType;
  config.passthroughRequestHeaders =
    optionalList(body, 'passthrough_request_headers') ?? config.passthroughRequestHeaders ?? [];
  mount.description = optionalText(body, 'description') ?? mount.description;
  mount.options = optionalTextMap(body, 'options') ?? mount.options;
}
