// Auth method `ldap`: configuration, users, groups, and a login that binds at the directory its configuration names (spec auth-wire 3.5).
// Renewals bind again with the password of the login.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendReply, BackendRequest, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { changedLdapConfig, shownLdapConfig } from './ldap-config.js';
import type { LdapConfig } from './ldap-config.js';
import { askDirectory } from './ldap-directory.js';
import { Lockout } from './lockout.js';
import { MappedPolicies, joined } from './mapped-policies.js';
import { checkSamePolicies, checkSource, orderOf, termsOf } from './token-params.js';

/** Makes an ldap mount. */
export function createLdap(mount: Mount): Backend {
  const method = new LdapMethod(() => mount.clock.now());
  return { ...routeTable(method.routes()), unauthenticated: ['login/*'], renewAuth: (auth) => method.renew(auth) };
}

interface Found {
  readonly alias: string;
  readonly policies: readonly string[];
  readonly warnings: readonly string[];
}

class LdapMethod {
  readonly #users = new MappedPolicies();
  readonly #groups = new MappedPolicies();
  readonly #lockout: Lockout;
  #config: LdapConfig | undefined;

  constructor(now: () => number) {
    this.#lockout = new Lockout(now);
  }

  routes(): Route[] {
    return [
      { path: 'login/*user', on: { write: (call) => this.#login(call) } },
      {
        path: 'config',
        on: {
          read: () => (this.#config === undefined ? undefined : { data: shownLdapConfig(this.#config) }),
          write: ({ body }) => void (this.#config = changedLdapConfig(this.#config, body)),
        },
      },
      ...this.#users.routes('users', ({ groups, policies }) => ({ groups: groups.join(','), policies: [...policies] })),
      ...this.#groups.routes('groups', ({ policies }) => ({ policies: [...policies] })),
    ];
  }

  async renew(auth: AuthView): Promise<Terms> {
    const config = this.#need();
    const { policies } = await this.#ask(config, auth.metadata?.['username'] ?? '', String(auth.internal['password']));
    checkSamePolicies({ ...config.token, policies: joined(config.token.policies, policies) }, auth);
    return termsOf(config.token);
  }

  async #login(call: Call): Promise<BackendReply> {
    const config = this.#need();
    const { request } = call;
    checkSource(config.token, request);
    const username = call.param('user').trim();
    if (username === '') throw fault(400, 'missing username');
    const password = optionalText(request.body, 'password') ?? '';
    if (password === '' && config.denyNullBind)
      throw fault(400, 'password cannot be of zero length when passwordless binds are being denied');
    if (this.#lockout.locked(username)) throw fault(403, 'permission denied');
    const found = await this.#counted(username, this.#ask(config, username, password));
    return { auth: order(config, found, { username, password }, request), warnings: found.warnings };
  }

  async #counted(username: string, asked: Promise<Found>): Promise<Found> {
    try {
      const found = await asked;
      this.#lockout.succeeded(username);
      return found;
    } catch (error) {
      if ((error as Error).message.includes('failed to bind as user')) this.#lockout.failed(username);
      throw error;
    }
  }

  async #ask(config: LdapConfig, username: string, password: string): Promise<Found> {
    const verdict = await askDirectory(config, username, password);
    if ('refused' in verdict) throw fault(400, verdict.refused);
    const fold = (name: string): string => (config.caseSensitiveNames ? name : name.toLowerCase());
    const user = this.#users.get(fold(username));
    const groups = [...(user?.groups ?? []), ...verdict.groups].map(fold);
    const none = `no LDAP groups found in groupDN ${JSON.stringify(config.groupDn)}; only policies from locally-defined groups available`;
    return {
      alias: verdict.alias,
      policies: joined(this.#groups.of(groups), user?.policies ?? []),
      warnings: verdict.groups.length === 0 ? [none] : [],
    };
  }

  #need(): LdapConfig {
    if (this.#config === undefined) throw fault(400, 'auth method not configured');
    return this.#config;
  }
}

function order(
  config: LdapConfig,
  found: Found,
  { username, password }: { readonly username: string; readonly password: string },
  request: BackendRequest,
): AuthOrder {
  return {
    ...orderOf(config.token, request.remoteAddress),
    policies: joined(config.token.policies, found.policies),
    displayName: username,
    alias: found.alias,
    metadata: { username },
    internal: { password },
  };
}
