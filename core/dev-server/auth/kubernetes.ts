// Auth method `kubernetes`: configuration, roles, and a login that asks the API server by TokenReview. Recorded from OpenBao 2.6.2.
import { readFile } from 'node:fs/promises';
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { parseJws, publicKeyOf, signatureHolds } from './jws.js';
import type { Jws } from './jws.js';
import { claimProblem } from './jwt-claims.js';
import { FRESH_KUBERNETES_ROLE, changedKubernetesRole, readKubernetesConfig } from './kubernetes-role.js';
import { shownKubernetesConfig, shownKubernetesRole } from './kubernetes-role.js';
import type { KubernetesConfig, KubernetesRole } from './kubernetes-role.js';
import { roleRoutes } from './role-routes.js';
import { accountOfClaims, checkAccount } from './service-account.js';
import type { ServiceAccount } from './service-account.js';
import { reviewToken } from './token-review.js';
import type { Reviewer } from './token-review.js';
import { orderOf, checkSource, termsOf } from './token-params.js';

const IN_POD = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Makes a kubernetes mount. */
export function createKubernetes(mount: Mount): Backend {
  const method = new KubernetesMethod(() => mount.clock.now());
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

class KubernetesMethod {
  readonly #roles = new Map<string, KubernetesRole>();
  readonly #now: () => number;
  #config: KubernetesConfig | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  routes(): Route[] {
    return [
      { path: 'login', on: { write: async (call) => ({ auth: await this.#login(call.request) }) } },
      {
        path: 'config',
        on: {
          read: () => (this.#config === undefined ? undefined : { data: shownKubernetesConfig(this.#config) }),
          write: (call) => this.#configure(call.body),
        },
      },
      ...roleRoutes({
        ...{ folder: 'role', roles: this.#roles, nameOf },
        shown: shownKubernetesRole,
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

  #configure(body: Fields): undefined {
    this.#config = readKubernetesConfig(body);
  }

  #write(name: string, body: Fields): undefined {
    this.#roles.set(name, changedKubernetesRole(this.#roles.get(name) ?? FRESH_KUBERNETES_ROLE, body));
  }

  async #login(request: BackendRequest): Promise<AuthOrder> {
    const name = (optionalText(request.body, 'role') ?? '').toLowerCase();
    if (name === '') throw fault(400, 'missing role');
    const jwt = optionalText(request.body, 'jwt') ?? '';
    if (jwt === '') throw fault(400, 'missing jwt');
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `invalid role name "${name}"`);
    checkSource(role.token, request);
    const config = this.#config;
    if (config === undefined) throw fault(500, 'could not load backend configuration');
    const account = this.#checked(jwt, role, config);
    await review(config, jwt, account);
    return order(name, role, account, request);
  }

  #checked(jwt: string, role: KubernetesRole, config: KubernetesConfig): ServiceAccount & { claims: Jws['claims'] } {
    const jws = parsed(jwt);
    const keys = config.pemKeys.map(publicKeyOf);
    if (keys.length > 0 && !signatureHolds(jws, keys)) throw fault(403, 'permission denied');
    const problem = claimProblem(jws.claims, expectedOf(role, config), this.#now());
    if (problem !== undefined) throw fault(403, problem);
    const account = accountOfClaims(jws.claims);
    checkAccount(role, account);
    return { ...account, claims: jws.claims };
  }
}

function parsed(jwt: string): Jws {
  try {
    return parseJws(jwt);
  } catch {
    throw fault(403, 'permission denied');
  }
}

function expectedOf(role: KubernetesRole, config: KubernetesConfig): Parameters<typeof claimProblem>[1] {
  const issuer = config.issuer === '' ? 'kubernetes/serviceaccount' : config.issuer;
  return {
    issuer: config.disableIssValidation ? '' : issuer,
    subject: '',
    audiences: role.audience === '' ? [] : [role.audience],
    expirationLeewayMs: 0,
    notBeforeLeewayMs: 0,
    clockSkewLeewayMs: 0,
    timeless: true,
  };
}

/** Whatever goes wrong in a review is a bare 403. */
async function review(
  config: KubernetesConfig,
  jwt: string,
  account: ServiceAccount & { claims: Jws['claims'] },
): Promise<void> {
  const reviewed = await reviewerOf(config, jwt)
    .then((reviewer) => reviewToken(reviewer, jwt, account.claims))
    .catch(() => undefined);
  const same = (['name', 'namespace', 'uid'] as const).every((part) => reviewed?.[part] === account[part]);
  if (!same) throw fault(403, 'permission denied');
}

async function reviewerOf(config: KubernetesConfig, jwt: string): Promise<Reviewer> {
  const local = async (file: string) =>
    config.disableLocalCaJwt ? '' : await readFile(`${IN_POD}/${file}`, 'utf8').catch(() => '');
  return {
    host: config.host,
    ca: config.caCert || (await local('ca.crt')),
    bearer: config.reviewerJwt || (await local('token')).trim() || jwt,
  };
}

function order(name: string, role: KubernetesRole, account: ServiceAccount, request: BackendRequest): AuthOrder {
  const full = `${account.namespace}/${account.name}`;
  return {
    ...orderOf(role.token, request.remoteAddress),
    displayName: `${account.namespace}-${account.name}`,
    alias: role.aliasNameSource === 'serviceaccount_name' ? full : account.uid,
    metadata: {
      role: name,
      service_account_name: account.name,
      service_account_namespace: account.namespace,
      service_account_secret_name: account.secretName,
      service_account_uid: account.uid,
    },
    internal: { role: name },
  };
}

function nameOf(call: Call): string {
  return call.param('role').toLowerCase();
}
