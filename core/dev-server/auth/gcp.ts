// Auth method `gcp`: configuration, roles of both types, and logins whose token is proven and whose account or instance is looked up. Written from the spec
// (auth-wire 6); the texts of refusals are the plugin's where they are known.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { changedGcpConfig, FRESH_GCP_CONFIG, shownGcpConfig } from './gcp-config.js';
import type { GcpConfig } from './gcp-config.js';
import { gceCaller, iamCaller } from './gcp-caller.js';
import type { GcpCaller } from './gcp-caller.js';
import { changedGcpRole, shownGcpRole } from './gcp-role.js';
import type { GcpRole } from './gcp-role.js';
import { provenGcpClaims } from './gcp-token.js';
import { checkSource, orderOf, termsOf } from './token-params.js';

const LOGIN_FIELDS = new Set(['role', 'jwt']);

/** Makes a gcp mount. */
export function createGcp(mount: Mount): Backend {
  const method = new GcpMethod(() => mount.clock.now());
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

class GcpMethod {
  readonly #roles = new Map<string, GcpRole>();
  readonly #now: () => number;
  #config: GcpConfig = FRESH_GCP_CONFIG;

  constructor(now: () => number) {
    this.#now = now;
  }

  routes(): Route[] {
    return [
      { path: 'login', on: { write: async (call) => ({ auth: await this.#login(call.request) }) } },
      { path: 'config', on: this.#configRoute() },
      { path: 'role', on: { list: () => listReply([...this.#roles.keys()].sort()) } },
      { path: 'roles', on: { list: () => listReply([...this.#roles.keys()].sort()) } },
      { path: 'role/:role', exists: (call) => this.#roles.has(nameOf(call)), on: this.#roleRoute() },
    ];
  }

  renew(auth: AuthView): Terms {
    const name = auth.internal['role'] as string;
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(500, `role "${name}" no longer exists`);
    return termsOf(role.token);
  }

  #configRoute(): Route['on'] {
    return {
      read: () => ({ data: shownGcpConfig(this.#config) }),
      write: (call) => {
        this.#config = changedGcpConfig(this.#config, call.body);
        return undefined;
      },
    };
  }

  #roleRoute(): Route['on'] {
    return {
      read: (call) => {
        const role = this.#roles.get(nameOf(call));
        return role === undefined ? undefined : { data: shownGcpRole(role) };
      },
      write: (call) => {
        this.#roles.set(nameOf(call), changedGcpRole(this.#roles.get(nameOf(call)), call.body));
        return undefined;
      },
      delete: (call) => {
        this.#roles.delete(nameOf(call));
        return undefined;
      },
    };
  }

  async #login(request: BackendRequest): Promise<AuthOrder> {
    const unknown = Object.keys(request.body).filter((name) => !LOGIN_FIELDS.has(name));
    if (unknown.length > 0) throw fault(422, `unknown fields: ${unknown.join(', ')}`);
    const name = (optionalText(request.body, 'role') ?? '').toLowerCase();
    if (name === '') throw fault(400, 'role is required');
    const jwt = optionalText(request.body, 'jwt') ?? '';
    if (jwt === '') throw fault(400, 'jwt argument is required');
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `role "${name}" not found`);
    checkSource(role.token, request);
    const [config, nowMs] = [this.#config, this.#now()];
    const claims = await provenGcpClaims(jwt, { name, role, config, nowMs });
    const caller = await (role.type === 'iam' ? iamCaller : gceCaller)(config, role, claims, nowMs);
    return order(name, role, caller, request);
  }
}

function order(name: string, role: GcpRole, caller: GcpCaller, request: BackendRequest): AuthOrder {
  return {
    ...orderOf(role.token, request.remoteAddress),
    displayName: caller.displayName,
    alias: caller.alias,
    metadata: { role: name, ...caller.metadata },
    internal: { role: name },
  };
}

const nameOf = (call: Call): string => call.param('role').toLowerCase();
