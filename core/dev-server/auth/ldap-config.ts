// The configuration of the `ldap` method: reading and showing. No connection here. Names and defaults of the server's LDAP utilities.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalFlag, optionalText } from '../fields.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** How the directory is reached and searched. */
export interface LdapConfig {
  /** One or several addresses, by commas. */
  readonly url: string;
  readonly userDn: string;
  readonly userAttr: string;
  readonly userFilter: string;
  readonly upnDomain: string;
  readonly bindDn: string;
  readonly bindPassword: string;
  readonly discoverDn: boolean;
  readonly denyNullBind: boolean;
  readonly groupDn: string;
  readonly groupFilter: string;
  readonly groupAttr: string;
  readonly certificate: string;
  readonly insecureTls: boolean;
  readonly caseSensitiveNames: boolean;
  readonly usernameAsAlias: boolean;
  readonly requestTimeoutMs: number;
  readonly token: TokenParams;
}

const FRESH: LdapConfig = {
  url: 'ldap://127.0.0.1',
  userDn: '',
  userAttr: 'cn',
  userFilter: '({{.UserAttr}}={{.Username}})',
  upnDomain: '',
  bindDn: '',
  bindPassword: '',
  discoverDn: false,
  denyNullBind: true,
  groupDn: '',
  groupFilter: '(|(memberUid={{.Username}})(member={{.UserDN}})(uniqueMember={{.UserDN}}))',
  groupAttr: 'cn',
  certificate: '',
  insecureTls: false,
  caseSensitiveNames: false,
  usernameAsAlias: false,
  requestTimeoutMs: 90_000,
  token: NO_PARAMS,
};

/** The configuration after a write. Throws 400. */
export function changedLdapConfig(before: LdapConfig | undefined, body: Fields): LdapConfig {
  const old = before ?? FRESH;
  const text = (name: string, kept: string): string => optionalText(body, name) ?? kept;
  const flag = (name: string, kept: boolean): boolean => optionalFlag(body, name) ?? kept;
  const config: LdapConfig = {
    url: text('url', old.url).toLowerCase(),
    userDn: text('userdn', old.userDn),
    userAttr: text('userattr', old.userAttr).toLowerCase(),
    userFilter: text('userfilter', old.userFilter),
    upnDomain: text('upndomain', old.upnDomain),
    bindDn: text('binddn', old.bindDn),
    bindPassword: text('bindpass', old.bindPassword),
    discoverDn: flag('discoverdn', old.discoverDn),
    denyNullBind: flag('deny_null_bind', old.denyNullBind),
    groupDn: text('groupdn', old.groupDn),
    groupFilter: text('groupfilter', old.groupFilter),
    groupAttr: text('groupattr', old.groupAttr),
    certificate: text('certificate', old.certificate),
    insecureTls: flag('insecure_tls', old.insecureTls),
    caseSensitiveNames: flag('case_sensitive_names', old.caseSensitiveNames),
    usernameAsAlias: flag('username_as_alias', old.usernameAsAlias),
    requestTimeoutMs: optionalDuration(body, 'request_timeout') ?? old.requestTimeoutMs,
    token: readTokenParams(body, old.token),
  };
  for (const url of urlsOf(config)) checkUrl(url);
  return config;
}

/** The addresses one by one. */
export const urlsOf = ({ url }: LdapConfig): string[] => url.split(',').map((one) => one.trim());

function checkUrl(url: string): void {
  const scheme = URL.canParse(url) ? new URL(url).protocol : '';
  if (!['ldap:', 'ldaps:'].includes(scheme)) throw fault(400, `invalid LDAP scheme in url "${url}"`);
}

/** The answer to a read of the configuration; the password of the service account stays inside. */
export function shownLdapConfig(config: LdapConfig): Fields {
  return {
    binddn: config.bindDn,
    case_sensitive_names: config.caseSensitiveNames,
    certificate: config.certificate,
    deny_null_bind: config.denyNullBind,
    discoverdn: config.discoverDn,
    groupattr: config.groupAttr,
    groupdn: config.groupDn,
    groupfilter: config.groupFilter,
    insecure_tls: config.insecureTls,
    request_timeout: config.requestTimeoutMs / 1000,
    upndomain: config.upnDomain,
    url: config.url,
    userattr: config.userAttr,
    userdn: config.userDn,
    userfilter: config.userFilter,
    username_as_alias: config.usernameAsAlias,
    ...shownTokenParams(config.token),
  };
}
