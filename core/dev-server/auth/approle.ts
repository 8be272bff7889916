// Auth method `approle`: roles, role ids, secret ids and the login that checks them. Follows the recordings of OpenBao 2.6.2.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendReply, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { secretIdOrder } from './approle-issue.js';
import { changedRole, freshRole, shownRole } from './approle-role.js';
import type { AppRole } from './approle-role.js';
import { SecretIds, shownSecretId } from './approle-secret-ids.js';
import type { SecretIdEntry } from './approle-secret-ids.js';
import { cidrsContain, cidrsWithin } from './cidr.js';
import { orderOf, termsOf } from './token-params.js';

const PARTS: Readonly<Record<string, readonly [field: string, reset: unknown]>> = {
  'bind-secret-id': ['bind_secret_id', true],
  'bound-cidr-list': ['secret_id_bound_cidrs', []],
  'secret-id-bound-cidrs': ['secret_id_bound_cidrs', []],
  'secret-id-num-uses': ['secret_id_num_uses', 0],
  'secret-id-ttl': ['secret_id_ttl', 0],
  policies: ['token_policies', []],
  period: ['token_period', 0],
  'token-bound-cidrs': ['token_bound_cidrs', []],
  'token-max-ttl': ['token_max_ttl', 0],
  'token-num-uses': ['token_num_uses', 0],
  'token-ttl': ['token_ttl', 0],
};
const TIDY =
  "Tidy operation successfully started. Any information from the operation will be printed to OpenBao's server logs.";

/** Makes an AppRole mount. */
export function createAppRole(mount: Mount): Backend {
  const method = new AppRoles(mount);
  return {
    ...routeTable(method.routes()),
    unauthenticated: ['login'],
    renewAuth: (auth) => method.renew(auth),
  };
}

class AppRoles {
  readonly #roles = new Map<string, AppRole>();
  readonly #secretIds: SecretIds;
  readonly #mount: Mount;

  constructor(mount: Mount) {
    this.#mount = mount;
    this.#secretIds = new SecretIds(() => mount.clock.now());
  }

  routes(): Route[] {
    const login = (call: Call) => ({ auth: this.#login(call.request) });
    return [
      { path: 'login', on: { write: login } },
      { path: 'tidy/secret-id', on: { write: () => ({ status: 202, data: null, warnings: [TIDY] }) } },
      { path: 'role', on: { list: () => listReply([...this.#roles.keys()].sort()) } },
      {
        path: 'role/:role',
        exists: (call) => this.#roles.has(nameOf(call)),
        on: {
          read: (call) => shown(this.#roles.get(nameOf(call)), shownRole),
          write: (call) => this.#write(nameOf(call), call.body),
          delete: (call) => this.#delete(nameOf(call)),
        },
      },
      ...this.#partRoutes(),
      ...this.#secretIdRoutes(),
      ...this.#lookupRoutes('secret-id', 'secret_id', (role, id) => this.#secretIds.find(role, id)),
      ...this.#lookupRoutes('secret-id-accessor', 'secret_id_accessor', (role, id) => this.#accessor(role, id)),
    ];
  }

  renew(auth: AuthView): Terms {
    const name = String(auth.internal['role_name']);
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(500, `role "${name}" does not exist during renewal`);
    return termsOf(role.token);
  }

  #partRoutes(): Route[] {
    const roleId: Route = {
      path: 'role/:role/role-id',
      on: {
        read: (call) => shown(this.#roles.get(nameOf(call)), (role) => ({ role_id: role.roleId })),
        write: (call) => this.#write(this.#need(call).name, { role_id: optionalText(call.body, 'role_id') ?? '' }),
      },
    };
    const parts = Object.entries(PARTS).map(([part, [field, reset]]): Route => ({
      path: `role/:role/${part}`,
      on: {
        read: (call) => shown(this.#roles.get(nameOf(call)), (role) => ({ [field]: shownRole(role)[field] })),
        write: (call) => this.#write(this.#need(call).name, { [field]: partValue(call.body, part, field) }),
        delete: (call) => this.#write(this.#need(call).name, { [field]: reset }),
      },
    }));
    return [roleId, ...parts];
  }

  #secretIdRoutes(): Route[] {
    return [
      {
        path: 'role/:role/secret-id',
        on: {
          list: (call) => listReply(this.#secretIds.all(this.#need(call).name).map((entry) => entry.accessor)),
          write: (call) => this.#issue(this.#need(call), this.#mount.randomUuid(), call.body),
        },
      },
      {
        path: 'role/:role/custom-secret-id',
        on: { write: (call) => this.#issue(this.#need(call), needed(call.body, 'secret_id'), call.body) },
      },
    ];
  }

  #lookupRoutes(path: string, field: string, find: (role: string, id: string) => SecretIdEntry | undefined): Route[] {
    const destroy = (call: Call) => {
      const entry = find(this.#need(call).name, needed(call.body, field));
      if (entry !== undefined) this.#secretIds.forget(entry);
      return undefined;
    };
    const lookup = (call: Call) => shown(find(this.#need(call).name, needed(call.body, field)), shownSecretId);
    return [
      { path: `role/:role/${path}/lookup`, on: { write: lookup } },
      { path: `role/:role/${path}/destroy`, on: { write: destroy, delete: destroy } },
    ];
  }

  #accessor(role: string, accessor: string): SecretIdEntry {
    const entry = this.#secretIds.byAccessor(role, accessor);
    if (entry !== undefined) return entry;
    throw fault(404, `failed to find accessor entry for secret_id_accessor: "${accessor}"`);
  }

  #need(call: Call): AppRole {
    const role = this.#roles.get(nameOf(call));
    if (role === undefined) throw fault(400, `role "${nameOf(call)}" does not exist`);
    return role;
  }

  #write(name: string, body: Fields): undefined {
    const before = this.#roles.get(name) ?? freshRole(name, this.#mount.randomUuid());
    const role = changedRole(before, body);
    const owner = [...this.#roles.values()].find((other) => other.roleId === role.roleId && other.name !== name);
    if (owner !== undefined) throw fault(400, `role_id already in use`);
    this.#roles.set(name, role);
  }

  #delete(name: string): undefined {
    this.#secretIds.forgetRole(name);
    this.#roles.delete(name);
  }

  #issue(role: AppRole, secretId: string, body: Fields): BackendReply {
    const entry = this.#secretIds.add(secretId, this.#mount.randomUuid(), secretIdOrder(role, body));
    if (entry === undefined) throw fault(400, 'failed to store SecretID: SecretID is already registered');
    return {
      wrappedAccessor: entry.accessor,
      data: {
        secret_id: secretId,
        secret_id_accessor: entry.accessor,
        secret_id_num_uses: entry.numUses,
        secret_id_ttl: entry.ttlMs / 1000,
      },
    };
  }

  #login(request: BackendRequest): AuthOrder {
    const roleId = optionalText(request.body, 'role_id') ?? '';
    if (roleId === '') throw fault(500, 'missing role_id');
    const role = [...this.#roles.values()].find((found) => found.roleId === roleId);
    if (role === undefined) throw fault(400, 'invalid role or secret ID');
    const entry = role.bindSecretId ? this.#spend(role, request) : undefined;
    checkRoleSource(role, request);
    const order = orderOf(role.token, request.remoteAddress);
    return {
      ...order,
      ...(entry !== undefined && entry.tokenCidrs.length > 0 ? { boundCidrs: entry.tokenCidrs } : {}),
      displayName: '',
      metadata: { ...entry?.metadata, role_name: role.name },
      alias: role.roleId,
      internal: { role_name: role.name },
    };
  }

  /** The use is spent before the source address is looked at, as the server does. */
  #spend(role: AppRole, request: BackendRequest): SecretIdEntry {
    const secretId = optionalText(request.body, 'secret_id') ?? '';
    if (secretId === '') throw fault(400, 'missing secret_id');
    const entry = this.#secretIds.find(role.name, secretId);
    if (entry === undefined) throw fault(400, 'invalid role or secret ID');
    this.#secretIds.use(entry);
    const bound = role.secretIdBoundCidrs ?? [];
    if (bound.length > 0 && !cidrsWithin(entry.cidrs, bound)) {
      throw fault(500, 'failed to verify subset relationship between CIDR blocks on the role and on the secret ID');
    }
    if (entry.cidrs.length > 0 && !cidrsContain(entry.cidrs, request.remoteAddress)) {
      const text = `source address "${request.remoteAddress}" unauthorized through CIDR restrictions on the secret ID`;
      throw fault(400, text);
    }
    return entry;
  }
}

function checkRoleSource(role: AppRole, request: BackendRequest): void {
  const bound = role.secretIdBoundCidrs ?? [];
  if (bound.length === 0 || cidrsContain(bound, request.remoteAddress)) return;
  throw fault(400, `source address "${request.remoteAddress}" unauthorized by CIDR restrictions on the role`);
}

function nameOf(call: Call): string {
  return call.param('role').toLowerCase();
}

function needed(body: Fields, name: string): string {
  const text = optionalText(body, name) ?? '';
  if (text === '') throw fault(400, `missing ${name}`);
  return text;
}

function partValue(body: Fields, part: string, field: string): unknown {
  return body[field] ?? body[part.replaceAll('-', '_')] ?? body[field.replace(/^token_/, '')];
}

function shown<T>(value: T | undefined, show: (value: T) => Fields): BackendReply | undefined {
  return value === undefined ? undefined : { data: show(value) };
}
