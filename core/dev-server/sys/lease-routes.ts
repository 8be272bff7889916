// `sys/leases/*`: looking up, renewing, revoking leases by id and by prefix. Prefixes reach the tokens of auth mounts too.
import { fault } from '../backend.js';
import { optionalDuration, optionalFlag, optionalText } from '../fields.js';
import type { Lease } from '../leases/lease-store.js';
import { keysBelow } from '../mounts/keys.js';
import { route } from '../routes.js';
import type { Handler, Params, Route } from '../routes.js';
import { moment } from '../wire/moment.js';
import type { CoreReply, CoreRequest, World } from '../world.js';

/** Routes of the lease endpoints. */
export function leaseRoutes(world: World): Route[] {
  const renew: Handler = (request, params) => renewLease(world, request, params);
  const revoke: Handler = (request, params) => revokeLease(world, request, params);
  const prefix: Handler = (request, { prefix: path = '' }) => revokePrefix(world, request, { path, force: false });
  const force: Handler = (request, { prefix: path = '' }) => revokePrefix(world, request, { path, force: true });
  return [
    route('leases/renew', { write: renew }),
    route('leases/renew/*id', { write: renew }),
    route('leases/revoke', { write: revoke }),
    route('leases/revoke/*id', { write: revoke }),
    route('leases/revoke-prefix/*prefix', { write: prefix }),
    route('leases/revoke-force/*prefix', { write: force }),
    route('leases/lookup', { write: (request) => lookup(world, request), list: (request) => list(world, request, '') }),
    route('leases/lookup/*prefix', { list: (request, { prefix: path = '' }) => list(world, request, path) }),
    route('leases/tidy', { write: () => ({ status: 202, warnings: ['Tidy operation successfully started.'] }) }),
  ];
}

function leaseId(request: CoreRequest, params: Params): string {
  const id = optionalText(request.body, 'lease_id') ?? '';
  const chosen = id === '' ? (params['id'] ?? '') : id;
  if (chosen === '') throw fault(400, 'lease_id must be specified');
  return chosen;
}

async function renewLease(world: World, request: CoreRequest, params: Params): Promise<CoreReply> {
  const incrementMs = optionalDuration(request.body, 'increment') ?? 0;
  const { lease, ttlMs, warnings, data } = await world.leases.renew(leaseId(request, params), incrementMs);
  return { renewed: { leaseId: lease.id, renewable: lease.renewable, ttlMs }, warnings, data: data ?? null };
}

async function revokeLease(world: World, request: CoreRequest, params: Params): Promise<CoreReply | undefined> {
  const lease = world.leases.find(leaseId(request, params));
  if (lease === undefined) return undefined;
  if (optionalFlag(request.body, 'sync') === false) {
    world.leases.revokeSoon(lease);
    return { status: 202 };
  }
  await world.leases.revoke(lease).catch((error: unknown) => refuse(lease, error));
  return undefined;
}

function refuse(lease: Lease, error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw fault(400, `failed to revoke entry: resp: (*logical.Response)(nil) err: ${why} (${lease.fullPath})`);
}

async function revokePrefix(
  world: World,
  request: CoreRequest,
  what: { readonly path: string; readonly force: boolean },
): Promise<CoreReply | undefined> {
  const leases = world.leases.under(request.place, what.path);
  if (optionalFlag(request.body, 'sync') === false) {
    for (const lease of leases) world.leases.revokeSoon(lease);
    return { status: 202 };
  }
  const folder = what.path.endsWith('/') ? what.path : `${what.path}/`;
  const tokens = world.tokens
    .all()
    .filter((entry) => entry.namespace === request.place && !entry.policies.includes('root'));
  await Promise.all(
    tokens.filter((entry) => `${entry.path}/`.startsWith(folder)).map((entry) => world.tokens.revoke(entry)),
  );
  for (const lease of leases) {
    await world.leases.revoke(lease).catch((error: unknown) => {
      if (!what.force) refuse(lease, error);
      world.leases.forget(lease);
    });
  }
  return undefined;
}

function lookup(world: World, request: CoreRequest): CoreReply {
  const lease = world.leases.find(leaseId(request, {}));
  if (lease === undefined) throw fault(400, 'invalid lease');
  return {
    data: {
      id: lease.id,
      path: lease.fullPath,
      issue_time: moment(lease.issuedAtMs),
      expire_time: moment(lease.expiresAtMs),
      last_renewal: lease.renewedAtMs === undefined ? null : moment(lease.renewedAtMs),
      renewable: lease.renewable,
      ttl: Math.round((lease.expiresAtMs - world.clock.now()) / 1000),
    },
  };
}

function list(world: World, request: CoreRequest, prefix: string): CoreReply | undefined {
  const folder = prefix === '' ? '' : `${prefix}/`;
  const ids = world.leases.under(request.place, folder).map((lease) => lease.id);
  const keys = keysBelow(ids, folder);
  return keys.length === 0 ? undefined : { data: { keys } };
}
