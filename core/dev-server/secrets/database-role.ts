// Roles and connections of the `database` engine: reading and showing. Nothing is ever connected to.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalFlag, optionalList, optionalText } from '../fields.js';

/** A configured connection. `details` is what the operator wrote besides the named fields. */
export interface Connection {
  readonly plugin: string;
  readonly allowedRoles: readonly string[];
  readonly details: Fields;
}

const NAMED = ['plugin_name', 'allowed_roles', 'password', 'verify_connection', 'plugin_version', 'private_key'];

/** Accepts a connection unseen. Throws 400 without a plugin name. */
export function readConnection(body: Fields, before: Connection | undefined): Connection {
  const plugin = optionalText(body, 'plugin_name') ?? before?.plugin ?? '';
  if (plugin === '') throw fault(400, 'empty plugin name');
  optionalFlag(body, 'verify_connection');
  const details = Object.fromEntries(Object.entries(body).filter(([key]) => !NAMED.includes(key)));
  return {
    plugin,
    allowedRoles: optionalList(body, 'allowed_roles') ?? before?.allowedRoles ?? [],
    details: { ...before?.details, ...details },
  };
}

/** The answer to a read of a connection; passwords are not in it. */
export function shownConnection(connection: Connection): Fields {
  return {
    allowed_roles: [...connection.allowedRoles],
    connection_details: connection.details,
    password_policy: '',
    plugin_name: connection.plugin,
    plugin_version: '',
    root_credentials_rotate_statements: [],
  };
}

/** A role with dynamic credentials; zero TTLs mean the mount's. */
export interface DatabaseRole {
  readonly database: string;
  readonly creation: readonly string[];
  readonly defaultTtlMs: number;
  readonly maxTtlMs: number;
}

/** The role after a write. Throws 400. */
export function readDatabaseRole(body: Fields, before: DatabaseRole | undefined): DatabaseRole {
  const database = optionalText(body, 'db_name') ?? before?.database ?? '';
  if (database === '') throw fault(400, 'empty database name attribute');
  const role = {
    database,
    creation: statements(body['creation_statements']) ?? before?.creation ?? [],
    defaultTtlMs: optionalDuration(body, 'default_ttl') ?? before?.defaultTtlMs ?? 0,
    maxTtlMs: optionalDuration(body, 'max_ttl') ?? before?.maxTtlMs ?? 0,
  };
  if (role.maxTtlMs > 0 && role.defaultTtlMs > role.maxTtlMs) {
    throw fault(400, '"default_ttl" value must be less than "max_ttl" value');
  }
  return role;
}

function statements(value: unknown): string[] | undefined {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? [value] : undefined;
}

/** The answer to a read of a role. */
export function shownDatabaseRole(role: DatabaseRole): Fields {
  return {
    creation_statements: [...role.creation],
    credential_type: 'password',
    db_name: role.database,
    default_ttl: role.defaultTtlMs / 1000,
    max_ttl: role.maxTtlMs / 1000,
    renew_statements: [],
    revocation_statements: [],
    rollback_statements: [],
  };
}
