// Asks a directory who a user is: finds the DN, binds with the password, collects groups, as the server's LDAP utilities do. Knows no policies.
import { multiError } from '../backend.js';
import type { LdapConfig } from './ldap-config.js';
import { urlsOf } from './ldap-config.js';
import { escapedForFilter } from './ldap-filter.js';
import { LdapConnection } from './ldap-wire.js';

/** What the directory says of a user who gave the right password. */
export interface LdapUser {
  /** The value of `userattr`; name of the entity alias. */
  readonly alias: string;
  readonly groups: readonly string[];
}

/** `refused`: the login is wrong; the others are words for the caller. */
export type LdapVerdict = LdapUser | { readonly refused: string };

const BIND_FAILED = 'ldap operation failed: failed to bind as user';

/** Resolves with the user or with why not; never rejects for what the directory says. */
export async function askDirectory(config: LdapConfig, username: string, password: string): Promise<LdapVerdict> {
  const connection = await opened(config);
  if (connection instanceof Error) return { refused: connection.message };
  try {
    const dn = await userDn(connection, config, username).catch(() => undefined);
    const bound = dn !== undefined && (await succeeds(connection.bind(dn, password)));
    if (!bound) return { refused: BIND_FAILED };
    if (hasService(config)) await connection.bind(config.bindDn, config.bindPassword);
    return await described(connection, config, { dn, username });
  } catch (error) {
    return { refused: (error as Error).message };
  } finally {
    connection.close();
  }
}

const hasService = ({ bindDn, bindPassword }: LdapConfig): boolean => bindDn !== '' && bindPassword !== '';

const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

async function opened(config: LdapConfig): Promise<LdapConnection | Error> {
  const troubles: string[] = [];
  for (const url of urlsOf(config)) {
    const { requestTimeoutMs: timeoutMs, certificate: ca, insecureTls } = config;
    try {
      return await LdapConnection.open({ url: new URL(url), timeoutMs, ca, insecureTls });
    } catch (error) {
      troubles.push(
        `error connecting to host "${url}": LDAP Result Code 200 "Network Error": ${(error as Error).message}`,
      );
    }
  }
  return new Error(multiError(...troubles));
}

async function userDn(connection: LdapConnection, config: LdapConfig, username: string): Promise<string> {
  if (!config.discoverDn && !hasService(config)) return plainDn(config, username);
  await connection.bind(config.bindDn, config.bindPassword);
  const found = await connection.search({
    base: config.userDn,
    filter: filled(config.userFilter, { UserAttr: config.userAttr, Username: username, UserDN: '' }),
    attributes: ['dn'],
  });
  if (found.length !== 1) throw new Error('LDAP search for binddn 0 or not unique');
  return found[0]?.dn ?? '';
}

function plainDn({ upnDomain, userAttr, userDn: base }: LdapConfig, username: string): string {
  if (upnDomain !== '') return `${escapedForDn(username)}@${upnDomain}`;
  return `${userAttr}=${escapedForDn(username)},${base}`;
}

// RFC 4514 2.4
function escapedForDn(value: string): string {
  return value
    .replace(/[,+"\\<>;=]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(/ $/, '\\ ')
    .replaceAll('\0', '\\00');
}

async function described(
  connection: LdapConnection,
  config: LdapConfig,
  { dn, username }: { readonly dn: string; readonly username: string },
): Promise<LdapUser> {
  const values = { UserAttr: config.userAttr, Username: username, UserDN: dn };
  const groups =
    config.groupDn === ''
      ? []
      : await connection.search({
          base: config.groupDn,
          filter: filled(config.groupFilter, values),
          attributes: [config.groupAttr],
        });
  const names = groups.flatMap((group) => group.attributes[config.groupAttr.toLowerCase()] ?? []);
  return { alias: await aliasOf(connection, config, values), groups: [...new Set(names.map(commonName))] };
}

async function aliasOf(
  connection: LdapConnection,
  config: LdapConfig,
  values: Readonly<Record<'UserAttr' | 'Username' | 'UserDN', string>>,
): Promise<string> {
  if (config.usernameAsAlias) return values.Username;
  const filter = filled(config.userFilter, values);
  const found = await connection.search({ base: config.userDn, filter, attributes: [config.userAttr] });
  const alias = found[0]?.attributes[config.userAttr]?.[0];
  if (found.length !== 1 || alias === undefined)
    throw new Error('LDAP search for entity alias attribute 0 or not unique');
  return alias;
}

function filled(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (_, name: string) =>
    name === 'UserAttr' ? (values[name] ?? '') : escapedForFilter(values[name] ?? ''),
  );
}

// A group attribute may hold a whole DN; its first CN counts then.
const commonName = (value: string): string => /^cn=((?:[^,\\]|\\.)+)/i.exec(value)?.[1] ?? value;
