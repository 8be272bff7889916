// The mount `auth/token/`: creating, looking up, renewing and revoking tokens, and their roles.
import { fault } from '../backend.js';
import type { Backend, Mount } from '../backend.js';
import { optionalDuration, optionalText } from '../fields.js';
import { route, routed } from '../routes.js';
import type { Handler, Route } from '../routes.js';
import type { CoreReply, CoreRequest, World } from '../world.js';
import { createToken } from './create-token.js';
import { renewToken } from './renew-token.js';
import { lookupData } from './token-entry.js';
import type { TokenEntry } from './token-entry.js';
import { describeRole, readRole } from './token-roles.js';
import type { TokenRole } from './token-roles.js';

/** Makes the mount. */
export function createTokenBackend(world: World, mount: Mount): Backend {
  const roles = new RoleBook(mount);
  const serve = routed([
    ...createRoutes(world, roles),
    ...lookupRoutes(world),
    ...renewRoutes(world, roles),
    ...revokeRoutes(world),
    ...roleRoutes(roles),
  ]);
  return { sudo: ['accessors/*', 'accessors', 'revoke-orphan'], handle: (request) => serve(request as CoreRequest) };
}

class RoleBook {
  readonly #storage: Map<string, unknown>;

  constructor(mount: Mount) {
    this.#storage = mount.storage;
  }

  get(name: string | undefined): TokenRole | undefined {
    return name === undefined ? undefined : (this.#storage.get(name) as TokenRole | undefined);
  }

  set(role: TokenRole): void {
    this.#storage.set(role.name, role);
  }

  remove(name: string): void {
    this.#storage.delete(name);
  }

  names(): string[] {
    return [...this.#storage.keys()].sort();
  }
}

function createRoutes(world: World, roles: RoleBook): Route[] {
  return [
    route('create', { write: (request) => createToken(world, request, { orphan: false }) }),
    route('create-orphan', { write: (request) => createToken(world, request, { orphan: true }) }),
    route('create/:name', {
      write: (request, { name = '' }) => {
        const role = roles.get(name);
        if (role === undefined) throw fault(400, `unknown role ${name}`);
        return createToken(world, request, { orphan: role.orphan, role });
      },
    }),
  ];
}

function lookupRoutes(world: World): Route[] {
  const shown = (entry: TokenEntry): CoreReply => ({
    data: lookupData(entry, world.clock.now(), world.identity.policies(entry.entityId)),
  });
  const lookup: Handler = (request) => shown(named(world, request) ?? refuseToken());
  const self: Handler = (request) => shown(request.entry ?? refuseToken());
  const byAccessor: Handler = (request) => {
    const reply = shown(byItsAccessor(world, request));
    return { data: { ...reply.data, id: '' } };
  };
  return [
    route('lookup-self', { read: self, write: self }),
    route('lookup', { read: lookup, write: lookup }),
    route('lookup-accessor', { read: byAccessor, write: byAccessor }),
    route('accessors', {
      list: (request) => ({
        data: {
          keys: world.tokens
            .all()
            .filter((entry) => entry.namespace === request.place && entry.accessor !== '')
            .map((entry) => entry.accessor),
        },
      }),
    }),
  ];
}

function refuseToken(): never {
  throw fault(403, 'bad token');
}

function named(world: World, request: CoreRequest): TokenEntry | undefined {
  const id = optionalText(request.body, 'token') ?? '';
  return id === '' || id === request.entry?.id ? request.entry : world.tokens.find(id);
}

function byItsAccessor(world: World, request: CoreRequest): TokenEntry {
  const accessor = optionalText(request.body, 'accessor') ?? '';
  if (accessor === '') throw fault(400, 'missing accessor');
  const entry = world.tokens.findByAccessor(accessor);
  if (entry === undefined) throw fault(400, 'invalid accessor');
  return entry;
}

function renewRoutes(world: World, roles: RoleBook): Route[] {
  const renew = (request: CoreRequest, entry: TokenEntry, hideId = false): Promise<CoreReply> => {
    const incrementMs = optionalDuration(request.body, 'increment') ?? 0;
    return renewToken(world, request, { entry, incrementMs, role: roles.get(entry.role), hideId });
  };
  return [
    route('renew-self', { write: (request) => renew(request, request.entry ?? refuseToken()) }),
    route('renew', {
      write: (request) => {
        const id = optionalText(request.body, 'token') ?? '';
        if (id === '') throw fault(400, 'missing token ID');
        const entry = world.tokens.find(id);
        if (entry === undefined) throw fault(400, 'token not found');
        return renew(request, entry);
      },
    }),
    route('renew-accessor', { write: (request) => renew(request, byItsAccessor(world, request), true) }),
  ];
}

function revokeRoutes(world: World): Route[] {
  const byId = async (request: CoreRequest, spareChildren: boolean): Promise<undefined> => {
    const id = optionalText(request.body, 'token') ?? '';
    if (id === '') throw fault(400, 'missing token ID');
    const entry = world.tokens.find(id);
    if (entry?.type === 'batch') throw fault(400, 'batch tokens cannot be revoked');
    if (entry !== undefined) await world.tokens.revoke(entry, { spareChildren });
    return undefined;
  };
  return [
    route('revoke', { write: (request) => byId(request, false) }),
    route('revoke-orphan', { write: (request) => byId(request, true) }),
    route('revoke-self', {
      write: async (request) => {
        if (request.entry?.type === 'batch') throw fault(400, 'batch tokens cannot be revoked');
        if (request.entry !== undefined) await world.tokens.revoke(request.entry);
        return undefined;
      },
    }),
    route('revoke-accessor', {
      write: async (request) => {
        const entry = world.tokens.findByAccessor(optionalText(request.body, 'accessor') ?? '');
        if (entry === undefined) return { warnings: ['No token found with this accessor'] };
        await world.tokens.revoke(entry);
        return undefined;
      },
    }),
    route('tidy', { write: () => ({ status: 202, warnings: ['Tidy operation successfully started.'] }) }),
  ];
}

function roleRoutes(roles: RoleBook): Route[] {
  return [
    route('roles', { list: () => (roles.names().length === 0 ? undefined : { data: { keys: roles.names() } }) }),
    route('roles/:name', {
      read: (_request, { name }) => {
        const role = roles.get(name);
        return role === undefined ? undefined : { data: describeRole(role) };
      },
      write: (request, { name = '' }) => {
        roles.set(readRole(name, request.body, roles.get(name)));
        return undefined;
      },
      delete: (_request, { name = '' }) => {
        roles.remove(name);
        return undefined;
      },
    }),
  ];
}
