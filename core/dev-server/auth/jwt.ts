// Auth method `jwt`: configuration, roles, and a login whose signature and claims are really checked. Recorded from OpenBao 2.6.2.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { SIGNING_ALGORITHMS, parseJws } from './jws.js';
import type { Jws } from './jws.js';
import { boundProblem, groupsProblem, mappedMetadata, userOf } from './jwt-bounds.js';
import { claimProblem } from './jwt-claims.js';
import { readJwtConfig, shownJwtConfig } from './jwt-config.js';
import type { JwtConfig } from './jwt-config.js';
import { FRESH_JWT_ROLE, changedJwtRole, shownJwtRole } from './jwt-role.js';
import type { JwtRole } from './jwt-role.js';
import { roleRoutes } from './role-routes.js';
import { checkSource, orderOf, termsOf } from './token-params.js';

/** Makes a jwt mount. */
export function createJwt(mount: Mount): Backend {
  const method = new JwtMethod(() => mount.clock.now());
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

class JwtMethod {
  readonly #roles = new Map<string, JwtRole>();
  readonly #now: () => number;
  #config: JwtConfig | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  routes(): Route[] {
    return [
      { path: 'login', on: { write: async (call) => ({ auth: await this.#login(call.request) }) } },
      {
        path: 'config',
        on: {
          read: () => (this.#config === undefined ? undefined : { data: shownJwtConfig(this.#config) }),
          write: (call) => this.#configure(call.body),
        },
      },
      ...roleRoutes({
        ...{ folder: 'role', roles: this.#roles, nameOf },
        shown: shownJwtRole,
        write: (name, body) => this.#write(name, body),
      }),
    ];
  }

  renew(auth: AuthView): Terms {
    const name = auth.internal['role'] as string;
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(500, `role ${name} does not exist during renewal`);
    return termsOf(role.token);
  }

  async #configure(body: Fields): Promise<undefined> {
    this.#config = await readJwtConfig(body);
  }

  #write(name: string, body: Fields): undefined {
    this.#roles.set(name, changedJwtRole(this.#roles.get(name) ?? FRESH_JWT_ROLE, body));
  }

  async #login(request: BackendRequest): Promise<AuthOrder> {
    const config = this.#config;
    if (config === undefined) throw fault(400, 'could not load configuration');
    const name = (optionalText(request.body, 'role') || config.defaultRole).toLowerCase();
    if (name === '') throw fault(400, 'missing role');
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `role "${name}" could not be found`);
    if (role.roleType === 'oidc') throw fault(400, 'role with oidc role_type is not allowed');
    const token = optionalText(request.body, 'jwt') ?? '';
    if (token === '') throw fault(400, 'missing token');
    checkSource(role.token, request);
    const claims = await this.#proven(token, config, role);
    return order(name, role, claims, request);
  }

  async #proven(token: string, config: JwtConfig, role: JwtRole): Promise<Jws['claims']> {
    const { claims } = await signed(token, config);
    const expected = {
      issuer: config.boundIssuer,
      subject: role.boundSubject,
      audiences: role.boundAudiences,
      expirationLeewayMs: role.expirationLeewayMs,
      notBeforeLeewayMs: role.notBeforeLeewayMs,
      clockSkewLeewayMs: role.clockSkewLeewayMs,
    };
    const problem = claimProblem(claims, expected, this.#now());
    if (problem !== undefined) throw fault(400, `error validating token: ${problem}`);
    const broken = boundProblem(role, claims);
    if (broken !== undefined) throw fault(400, `error validating claims: ${broken}`);
    return claims;
  }
}

async function signed(token: string, config: JwtConfig): Promise<Jws> {
  try {
    const jws = parseJws(token);
    const allowed = config.algorithms.length > 0 ? config.algorithms : SIGNING_ALGORITHMS;
    if (!allowed.includes(jws.algorithm)) {
      const list = allowed.map((name) => `"${name}"`).join(' ');
      throw new Error(`go-jose/go-jose: unexpected signature algorithm "${jws.algorithm}"; expected [${list}]`);
    }
    await config.keys.prove(jws);
    return jws;
  } catch (error) {
    throw fault(400, `error validating token: error verifying token signature: ${(error as Error).message}`);
  }
}

function order(name: string, role: JwtRole, claims: Jws['claims'], request: BackendRequest): AuthOrder {
  const found = userOf(role, claims);
  if ('problem' in found) throw fault(400, found.problem);
  const groups = groupsProblem(role, claims);
  if (groups !== undefined) throw fault(400, groups);
  return {
    ...orderOf(role.token, request.remoteAddress),
    displayName: found.user,
    alias: found.user,
    metadata: { ...mappedMetadata(role, claims), role: name },
    internal: { role: name },
  };
}

function nameOf(call: Call): string {
  return call.param('role').toLowerCase();
}
