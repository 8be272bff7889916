// Secret engine `database`: leased, made-up users. Any connection is taken and nothing is created anywhere, but a user lives
// exactly as long as its lease: `GET dev/users/NAME` (no token needed, only here) tells. Recorded from OpenBao 2.6.2.
import { fault } from '../backend.js';
import type { Backend, BackendReply, Fields, LeaseView, Mount, Terms } from '../backend.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { readConnection, readDatabaseRole, shownConnection, shownDatabaseRole } from './database-role.js';
import type { Connection, DatabaseRole } from './database-role.js';
import { catchUp, readStaticRole, rotate, shownStaticCredentials } from './database-static.js';
import type { StaticRole, Turn } from './database-static.js';

/** The engine with its in-process question. */
export interface DatabaseBackend extends Backend {
  /** Whether a made-up user still exists. */
  userExists(username: string): boolean;
}

/** Makes a database mount. */
export function createDatabase(mount: Mount): DatabaseBackend {
  const engine = new Database(mount);
  return {
    ...routeTable(engine.routes()),
    unauthenticated: ['dev/users/+'],
    renew: (lease) => engine.renew(lease),
    revoke: (lease) => engine.revoke(lease),
    userExists: (username) => engine.users.has(username),
  };
}

class Database {
  readonly users = new Set<string>();
  readonly #connections = new Map<string, Connection>();
  readonly #roles = new Map<string, DatabaseRole>();
  readonly #static = new Map<string, StaticRole>();
  readonly #mount: Mount;

  constructor(mount: Mount) {
    this.#mount = mount;
  }

  routes(): Route[] {
    return [
      ...crud('config', this.#connections, { read: readConnection, show: shownConnection }),
      ...crud('roles', this.#roles, { read: readDatabaseRole, show: shownDatabaseRole }),
      ...crud('static-roles', this.#static, {
        read: (body, before) => readStaticRole(body, before, this.#turn()),
        show: ({ database, username, periodMs }) => ({ db_name: database, rotation_period: periodMs / 1000, username }),
      }),
      { path: 'reset/:name', on: { write: () => undefined } },
      { path: 'rotate-root/:name', on: { write: (call) => this.#rotateRoot(call.param('name')) } },
      { path: 'rotate-role/:name', on: { write: (call) => this.#rotateStatic(call.param('name')) } },
      { path: 'creds/:name', on: { read: (call) => this.#issue(call) } },
      { path: 'static-creds/:name', on: { read: (call) => this.#staticCredentials(call.param('name')) } },
      { path: 'dev/users/:name', on: { read: (call) => ({ data: { alive: this.users.has(call.param('name')) } }) } },
    ];
  }

  renew(lease: LeaseView): Terms {
    const name = String(lease.internal['role']);
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `error during renew: could not find role with name "${name}"`);
    if (!this.users.has(String(lease.internal['username'])))
      throw fault(400, 'error during renew: user does not exist');
    return { ttlMs: role.defaultTtlMs, maxTtlMs: role.maxTtlMs };
  }

  revoke(lease: LeaseView): void {
    this.users.delete(String(lease.internal['username']));
  }

  #turn(): Turn {
    return { nowMs: this.#mount.clock.now(), newPassword: () => this.#password() };
  }

  /** Twenty characters with a dash, as the server makes them. */
  #password(): string {
    return `${this.#mount.random(12)}-${this.#mount.random(7)}`;
  }

  #issue(call: Call): BackendReply {
    const name = call.param('name');
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `unknown role: ${name}`);
    this.#checkAllowed(name, role.database);
    const username = this.#username(call.request.token?.displayName ?? 'token', name);
    this.users.add(username);
    return {
      data: { password: this.#password(), username },
      lease: {
        ttlMs: role.defaultTtlMs,
        maxTtlMs: role.maxTtlMs,
        renewable: true,
        internal: { role: name, username },
      },
    };
  }

  #checkAllowed(role: string, database: string): void {
    const connection = this.#connections.get(database);
    if (connection === undefined) throw fault(500, `failed to find entry for connection with name: "${database}"`);
    const allowed = connection.allowedRoles.some((pattern) => fits(pattern, role));
    if (!allowed) throw fault(500, `"${role}" is not an allowed role`);
  }

  #username(display: string, role: string): string {
    const unix = Math.floor(this.#mount.clock.now() / 1000);
    return `v-${display.slice(0, 8)}-${role.slice(0, 8)}-${this.#mount.random(20)}-${String(unix)}`;
  }

  #rotateRoot(name: string): undefined {
    if (!this.#connections.has(name)) throw fault(400, `unable to find database config "${name}"`);
  }

  #rotateStatic(name: string): undefined {
    const role = this.#static.get(name);
    if (role === undefined) throw fault(400, 'no static role found for role name');
    rotate(role, this.#turn());
  }

  #staticCredentials(name: string): BackendReply {
    const role = this.#static.get(name);
    if (role === undefined) throw fault(400, `unknown role: ${name}`);
    catchUp(role, this.#turn());
    return { data: shownStaticCredentials(role, this.#mount.clock.now()) };
  }
}

function fits(pattern: string, role: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('*') ? role.startsWith(pattern.slice(0, -1)) : pattern === role;
}

interface Entry<T> {
  read(body: Fields, before: T | undefined): T;
  show(value: T): Fields;
}

function crud<T>(path: string, entries: Map<string, T>, entry: Entry<T>): Route[] {
  return [
    { path, on: { list: () => listReply([...entries.keys()].sort()) } },
    {
      path: `${path}/:name`,
      exists: (call) => entries.has(call.param('name')),
      on: {
        read: (call) => {
          const found = entries.get(call.param('name'));
          return found === undefined ? undefined : { data: entry.show(found) };
        },
        write: (call) => {
          entries.set(call.param('name'), entry.read(call.body, entries.get(call.param('name'))));
          return undefined;
        },
        delete: (call) => {
          entries.delete(call.param('name'));
          return undefined;
        },
      },
    },
  ];
}
