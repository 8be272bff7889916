// Auth method `radius`: configuration, users, and a login that asks the RADIUS server its configuration names (spec auth-wire 3.8).
// Renewals ask again with the password of the login.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendReply, BackendRequest, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { MappedPolicies, joined } from './mapped-policies.js';
import { changedRadiusConfig, shownRadiusConfig } from './radius-config.js';
import type { RadiusConfig } from './radius-config.js';
import { askRadius } from './radius-exchange.js';
import { CODE } from './radius-packet.js';
import { checkSamePolicies, checkSource, orderOf, termsOf } from './token-params.js';

/** Makes a radius mount. */
export function createRadius(mount: Mount): Backend {
  const method = new RadiusMethod(mount);
  return {
    ...routeTable(method.routes()),
    unauthenticated: ['login', 'login/*'],
    renewAuth: (auth) => method.renew(auth),
  };
}

class RadiusMethod {
  readonly #users = new MappedPolicies();
  readonly #mount: Mount;
  #config: RadiusConfig | undefined;

  constructor(mount: Mount) {
    this.#mount = mount;
  }

  routes(): Route[] {
    return [
      { path: 'login', on: { write: (call) => this.#login(call) } },
      { path: 'login/*user', on: { write: (call) => this.#login(call) } },
      {
        path: 'config',
        on: {
          read: () => (this.#config === undefined ? undefined : { data: shownRadiusConfig(this.#config) }),
          write: ({ body }) => void (this.#config = changedRadiusConfig(this.#config, body)),
        },
      },
      ...this.#users.routes('users', ({ policies }) => ({ policies: [...policies] })),
    ];
  }

  async renew(auth: AuthView): Promise<Terms> {
    const config = this.#need();
    const username = auth.metadata?.['username'] ?? '';
    const policies = await this.#policies(config, username, String(auth.internal['password']));
    checkSamePolicies({ ...config.token, policies: joined(config.token.policies, policies) }, auth);
    return termsOf(config.token);
  }

  async #login(call: Call): Promise<BackendReply> {
    const { request, body } = call;
    // the name in the body wins (spec auth-wire 3.8)
    const username = (optionalText(body, 'username') || call.param('user')).trim();
    if (username === '') throw fault(400, 'username cannot be empty');
    const password = optionalText(body, 'password') ?? '';
    if (password === '') throw fault(400, 'password cannot be empty');
    const config = this.#need();
    checkSource(config.token, request);
    const policies = await this.#policies(config, username, password);
    return { auth: order(config, policies, { username, password }, request) };
  }

  async #policies(config: RadiusConfig, username: string, password: string): Promise<readonly string[]> {
    await this.#ask(config, username, password);
    const own = this.#users.get(username)?.policies;
    if (own !== undefined) return own;
    if (config.unregisteredUserPolicies.length > 0) return config.unregisteredUserPolicies;
    throw fault(400, 'authentication succeeded but user has no associated policies');
  }

  async #ask(config: RadiusConfig, username: string, password: string): Promise<void> {
    const { host, port, secret, readTimeoutMs: timeoutMs, nasPort, nasIdentifier } = config;
    const target = { host, port, secret, timeoutMs, clock: this.#mount.clock };
    const code = await askRadius(target, { username, password, nasPort, nasIdentifier }).catch((error: unknown) => {
      throw fault(400, (error as Error).message);
    });
    if (code !== CODE.accept) throw fault(400, 'access denied by the authentication server');
  }

  #need(): RadiusConfig {
    if (this.#config === undefined) throw fault(400, 'radius backend not configured');
    return this.#config;
  }
}

function order(
  config: RadiusConfig,
  policies: readonly string[],
  { username, password }: { readonly username: string; readonly password: string },
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
