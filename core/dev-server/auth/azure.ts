// Auth method `azure`: configuration, roles, and a login whose token is proven and whose machine is looked up. Written from the spec (auth-wire 5.4); the
// texts of refusals are the plugin's where they are known.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { checkNames, checkPrincipal, namedMachine, textClaim } from './azure-claims.js';
import { readAzureConfig, shownAzureConfig } from './azure-config.js';
import type { AzureConfig } from './azure-config.js';
import { checkResource } from './azure-resource.js';
import { FRESH_AZURE_ROLE, bindsMachine, changedAzureRole, shownAzureRole } from './azure-role.js';
import type { AzureRole } from './azure-role.js';
import { provenAzureClaims } from './azure-token.js';
import { checkSource, orderOf, termsOf } from './token-params.js';

/** Makes an azure mount. */
export function createAzure(mount: Mount): Backend {
  const method = new AzureMethod(() => mount.clock.now());
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

class AzureMethod {
  readonly #roles = new Map<string, AzureRole>();
  readonly #now: () => number;
  #config: AzureConfig | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  routes(): Route[] {
    return [
      { path: 'login', on: { write: async (call) => ({ auth: await this.#login(call.request) }) } },
      { path: 'config', on: this.#configRoute() },
      { path: 'role', on: { list: () => listReply([...this.#roles.keys()].sort()) } },
      { path: 'role/:role', exists: (call) => this.#roles.has(nameOf(call)), on: this.#roleRoute() },
    ];
  }

  renew(auth: AuthView): Terms {
    const name = auth.internal['role'] as string;
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(500, `role ${name} does not exist during renewal`);
    return termsOf(role.token);
  }

  #configRoute(): Route['on'] {
    return {
      read: () => (this.#config === undefined ? undefined : { data: shownAzureConfig(this.#config) }),
      write: (call) => {
        this.#config = readAzureConfig(call.body, this.#config);
        return undefined;
      },
      delete: () => {
        this.#config = undefined;
        return undefined;
      },
    };
  }

  #roleRoute(): Route['on'] {
    return {
      read: (call) => {
        const role = this.#roles.get(nameOf(call));
        return role === undefined ? undefined : { data: shownAzureRole(role) };
      },
      write: (call) => {
        const name = nameOf(call);
        this.#roles.set(name, changedAzureRole(this.#roles.get(name) ?? FRESH_AZURE_ROLE, call.body));
        return undefined;
      },
      delete: (call) => {
        this.#roles.delete(nameOf(call));
        return undefined;
      },
    };
  }

  async #login(request: BackendRequest): Promise<AuthOrder> {
    const { body } = request;
    const jwt = optionalText(body, 'jwt') ?? '';
    if (jwt === '') throw fault(400, 'jwt is required');
    const name = (optionalText(body, 'role') ?? '').toLowerCase();
    if (name === '') throw fault(400, 'role is required');
    const machine = namedMachine(body);
    const config = this.#config;
    if (config === undefined) throw fault(500, 'unable to retrieve backend configuration');
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `invalid role name "${name}"`);
    checkSource(role.token, request);
    const claims = await provenAzureClaims(jwt, config, this.#now());
    checkPrincipal(role, claims);
    checkNames(role, machine, claims);
    if (bindsMachine(role)) await checkResource(config, role, machine, claims);
    return order(name, role, claims, request);
  }
}

function order(
  name: string,
  role: AzureRole,
  claims: Readonly<Record<string, unknown>>,
  request: BackendRequest,
): AuthOrder {
  const subject = textClaim(claims, 'sub') || textClaim(claims, 'oid');
  const metadata = {
    role: name,
    subscription_id: optionalText(request.body, 'subscription_id') ?? '',
    resource_group_name: optionalText(request.body, 'resource_group_name') ?? '',
  };
  return {
    ...orderOf(role.token, request.remoteAddress),
    displayName: subject,
    alias: subject,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== '')),
    internal: { role: name },
  };
}

const nameOf = (call: Call): string => call.param('role').toLowerCase();
