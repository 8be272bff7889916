// Auth method `okta`: configuration, users, groups, and a login that asks the Okta its configuration names (spec auth-wire 3.7).
// Renewals log in again with the password of the login and without a passcode. No number challenge.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendReply, BackendRequest, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { MappedPolicies, joined } from './mapped-policies.js';
import { groupsOf } from './okta-api.js';
import { callerOf, changedOktaConfig, shownOktaConfig } from './okta-config.js';
import type { OktaConfig } from './okta-config.js';
import { PROVIDERS, loginAtOkta } from './okta-login.js';
import type { OktaCredentials } from './okta-login.js';
import { checkSamePolicies, checkSource, orderOf, termsOf } from './token-params.js';

/** Makes an okta mount. */
export function createOkta(mount: Mount): Backend {
  const method = new OktaMethod(mount);
  return { ...routeTable(method.routes()), unauthenticated: ['login/*'], renewAuth: (auth) => method.renew(auth) };
}

interface Found {
  readonly policies: readonly string[];
  readonly warnings: readonly string[];
}

const NO_GROUPS = 'no Okta groups found; only policies from locally-defined groups available';

class OktaMethod {
  readonly #users = new MappedPolicies();
  readonly #groups = new MappedPolicies();
  readonly #mount: Mount;
  #config: OktaConfig | undefined;

  constructor(mount: Mount) {
    this.#mount = mount;
  }

  routes(): Route[] {
    return [
      { path: 'login/*user', on: { write: (call) => this.#login(call) } },
      {
        path: 'config',
        on: {
          read: () => (this.#config === undefined ? undefined : { data: shownOktaConfig(this.#config) }),
          write: ({ body }) => void (this.#config = changedOktaConfig(this.#config, body)),
        },
      },
      ...this.#users.routes('users', ({ groups, policies }) => ({ groups: [...groups], policies: [...policies] })),
      ...this.#groups.routes('groups', ({ policies }) => ({ policies: [...policies] })),
    ];
  }

  async renew(auth: AuthView): Promise<Terms> {
    const config = this.#need();
    const password = String(auth.internal['password']);
    const found = await this.#ask(config, {
      username: auth.metadata?.['username'] ?? '',
      password,
      totp: '',
      provider: '',
    });
    checkSamePolicies({ ...config.token, policies: joined(config.token.policies, found.policies) }, auth);
    return termsOf(config.token);
  }

  async #login(call: Call): Promise<BackendReply> {
    const { request, body } = call;
    const config = this.#need();
    const credentials = {
      username: call.param('user').trim(),
      password: optionalText(body, 'password') ?? '',
      totp: optionalText(body, 'totp') ?? '',
      provider: (optionalText(body, 'provider') ?? '').toUpperCase(),
    };
    if (credentials.provider !== '' && !PROVIDERS.includes(credentials.provider))
      throw fault(400, `provider ${credentials.provider} is not among the supported ones [${PROVIDERS.join(' ')}]`);
    checkSource(config.token, request);
    const found = await this.#ask(config, credentials);
    return { auth: order(config, found, credentials, request), warnings: found.warnings };
  }

  async #ask(config: OktaConfig, credentials: OktaCredentials): Promise<Found> {
    const caller = callerOf(config);
    const userId = await loginAtOkta({ caller, bypassMfa: config.bypassMfa, clock: this.#mount.clock }, credentials);
    const theirs = config.apiToken === '' ? [] : await groupsOf(caller, userId).catch(noGroups);
    const user = this.#users.get(credentials.username);
    const policies = joined(this.#groups.of([...theirs, ...(user?.groups ?? [])]), user?.policies ?? []);
    return { policies, warnings: config.apiToken !== '' && theirs.length === 0 ? [NO_GROUPS] : [] };
  }

  #need(): OktaConfig {
    if (this.#config === undefined) throw fault(400, 'Okta auth method not configured');
    return this.#config;
  }
}

function noGroups(error: unknown): never {
  throw fault(400, `okta failure retrieving groups: ${(error as Error).message}`);
}

function order(
  config: OktaConfig,
  { policies }: Found,
  { username, password }: OktaCredentials,
  request: BackendRequest,
): AuthOrder {
  return {
    ...orderOf(config.token, request.remoteAddress),
    policies: joined(config.token.policies, policies),
    displayName: username,
    alias: username,
    metadata: { username, policies: policies.join(',') },
    internal: { password },
  };
}
