// `config` and `config/ldap` of a kerberos mount. There is no LDAP client here: the directory is the static map `static_groups`, a field of the dev
// server's own that stands for what LDAP would answer.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalFlag, optionalText, optionalTextMap } from '../fields.js';
import { readServiceKeys } from './kerberos-keytab.js';
import type { ServiceKey } from './kerberos-keytab.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** Who the server is in the realm. */
export interface KerberosConfig {
  readonly keys: readonly ServiceKey[];
  readonly serviceAccount: string;
  readonly removeInstanceName: boolean;
  readonly addGroupAliases: boolean;
}

/** Where users are looked up. */
export interface DirectoryConfig {
  readonly shown: Fields;
  readonly upnDomain: string;
  /** Group names of each user; undefined: the directory cannot be reached. */
  readonly groups: ReadonlyMap<string, readonly string[]> | undefined;
  readonly token: TokenParams;
}

/** Reads a write of `config`. Throws 400. */
export function readKerberosConfig(body: Fields): KerberosConfig {
  const account = optionalText(body, 'service_account') ?? '';
  if (account === '') throw fault(400, 'data does not contain service_account');
  const keytab = optionalText(body, 'keytab') ?? '';
  if (keytab === '') throw fault(400, 'data does not contain keytab');
  return {
    keys: keysIn(keytab),
    serviceAccount: account.replace(/@.*$/, ''),
    removeInstanceName: optionalFlag(body, 'remove_instance_name') ?? false,
    addGroupAliases: optionalFlag(body, 'add_group_aliases') ?? false,
  };
}

function keysIn(text: string): ServiceKey[] {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) throw fault(400, 'could not base64 decode keytab');
  try {
    return readServiceKeys(Buffer.from(text, 'base64'));
  } catch {
    throw fault(400, 'invalid keytab');
  }
}

/** The answer to a read of `config`; the keytab is never shown. */
export const shownKerberosConfig = (config: KerberosConfig): Fields => ({
  add_group_aliases: config.addGroupAliases,
  remove_instance_name: config.removeInstanceName,
  service_account: config.serviceAccount,
});

const SHOWN = ['url', 'binddn', 'userdn', 'userattr', 'groupdn', 'groupfilter', 'groupattr', 'upndomain'];

/** Reads a write of `config/ldap`: what the body names, the rest as before. Throws 400. */
export function readDirectoryConfig(body: Fields, before: DirectoryConfig | undefined): DirectoryConfig {
  const shown = Object.fromEntries(SHOWN.map((name) => [name, optionalText(body, name) ?? before?.shown[name] ?? '']));
  const groups = optionalTextMap(body, 'static_groups');
  return {
    shown,
    upnDomain: optionalText(body, 'upndomain') ?? before?.upnDomain ?? '',
    groups:
      groups === undefined
        ? before?.groups
        : new Map(Object.entries(groups).map(([user, text]) => [user, listOf(text)])),
    token: readTokenParams(body, before?.token ?? NO_PARAMS),
  };
}

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The answer to a read of `config/ldap`. */
export const shownDirectoryConfig = (config: DirectoryConfig): Fields => ({
  ...config.shown,
  ...shownTokenParams(config.token),
});
