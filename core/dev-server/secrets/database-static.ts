// Static roles of the `database` engine: one user each whose password changes every period. Rotation is worked out when
// somebody looks, from the clock alone.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalText } from '../fields.js';
import { moment } from '../wire/moment.js';

/** A static role and its password as of `rotatedAtMs`. */
export interface StaticRole {
  readonly database: string;
  readonly username: string;
  readonly periodMs: number;
  password: string;
  rotatedAtMs: number;
}

/** What a rotation needs. */
export interface Turn {
  readonly nowMs: number;
  newPassword(): string;
}

const SHORTEST_MS = 5000;

/** The static role after a write; a new one starts with a rotation. Throws 400. */
export function readStaticRole(body: Fields, before: StaticRole | undefined, turn: Turn): StaticRole {
  const database = optionalText(body, 'db_name') ?? before?.database ?? '';
  const username = optionalText(body, 'username') ?? before?.username ?? '';
  const periodMs = optionalDuration(body, 'rotation_period') ?? before?.periodMs ?? 0;
  if (database === '') throw fault(400, 'database name is required');
  if (username === '') throw fault(400, 'username is a required field to create a static account');
  if (before !== undefined && before.username !== username) throw fault(400, 'cannot update static account username');
  if (periodMs === 0) throw fault(400, 'rotation_period is required to create static accounts');
  if (periodMs < SHORTEST_MS) throw fault(400, 'rotation_period must be 5 seconds or more');
  const kept = before ?? { password: turn.newPassword(), rotatedAtMs: turn.nowMs };
  return { database, username, periodMs, password: kept.password, rotatedAtMs: kept.rotatedAtMs };
}

/** Gives the role a new password now. */
export function rotate(role: StaticRole, turn: Turn): void {
  role.password = turn.newPassword();
  role.rotatedAtMs = turn.nowMs;
}

/** Makes up for the rotations that are due. */
export function catchUp(role: StaticRole, turn: Turn): void {
  const periods = Math.floor((turn.nowMs - role.rotatedAtMs) / role.periodMs);
  if (periods < 1) return;
  role.password = turn.newPassword();
  role.rotatedAtMs += periods * role.periodMs;
}

/** The answer to `static-creds/NAME`. */
export function shownStaticCredentials(role: StaticRole, nowMs: number): Fields {
  return {
    last_vault_rotation: moment(role.rotatedAtMs),
    password: role.password,
    rotation_period: role.periodMs / 1000,
    ttl: Math.round((role.rotatedAtMs + role.periodMs - nowMs) / 1000),
    username: role.username,
  };
}
