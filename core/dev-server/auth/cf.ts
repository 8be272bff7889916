// Auth method `cf`: configuration, roles, and a login by a signed instance certificate that is really verified (spec auth-wire 8, server checks).
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { checkCfApi, checkInstance } from './cf-api.js';
import { readCfConfig, shownCfConfig } from './cf-config.js';
import type { CfConfig } from './cf-config.js';
import { provenInstance } from './cf-instance.js';
import type { InstanceFacts } from './cf-instance.js';
import { FRESH_CF_ROLE, changedCfRole, checkCfBounds, shownCfRole } from './cf-role.js';
import type { CfRole } from './cf-role.js';
import { roleRoutes } from './role-routes.js';
import { checkSource, orderOf, termsOf } from './token-params.js';

/** Makes a cf mount. */
export function createCf(mount: Mount): Backend {
  const method = new CfMethod(() => mount.clock.now());
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

class CfMethod {
  readonly #roles = new Map<string, CfRole>();
  readonly #now: () => number;
  #config: CfConfig | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  routes(): Route[] {
    return [
      { path: 'login', on: { write: async (call) => ({ auth: await this.#login(call.request) }) } },
      {
        path: 'config',
        on: {
          read: () => (this.#config === undefined ? undefined : { data: shownCfConfig(this.#config) }),
          write: (call) => this.#configure(call.body),
          delete: () => (this.#config = undefined),
        },
      },
      ...roleRoutes({
        ...{ folder: 'roles', roles: this.#roles, nameOf },
        shown: shownCfRole,
        write: (name, body) => this.#write(name, body),
      }),
    ];
  }

  async renew(auth: AuthView): Promise<Terms> {
    const config = this.#config;
    if (config === undefined) throw fault(500, 'no configuration is available for reaching the CF API');
    const role = this.#roles.get(auth.internal['role'] as string);
    if (role === undefined) throw fault(500, 'no matching role');
    const instance = auth.internal['instance'] as InstanceFacts;
    checkCfBounds(role, instance, auth.request.remoteAddress);
    await checkInstance(config, instance);
    return termsOf(role.token);
  }

  async #configure(body: Fields): Promise<undefined> {
    const config = readCfConfig(body, this.#config);
    await checkCfApi(config);
    this.#config = config;
  }

  #write(name: string, body: Fields): undefined {
    this.#roles.set(name, changedCfRole(this.#roles.get(name) ?? FRESH_CF_ROLE, body));
  }

  async #login(request: BackendRequest): Promise<AuthOrder> {
    const text = (name: string) => optionalText(request.body, name) ?? '';
    const name = text('role');
    if (name === '') throw fault(400, "'role-name' is required");
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(500, 'no matching role');
    checkSource(role.token, request);
    const login = {
      role: name,
      signature: text('signature'),
      certText: text('cf_instance_cert'),
      time: text('signing_time'),
    };
    if (login.signature === '') throw fault(400, "'signature' is required");
    if (login.certText === '') throw fault(400, "'cf_instance_cert' is required");
    if (login.time === '') throw fault(400, "'signing_time' is required");
    const signedMs = parsedTime(login.time);
    const config = this.#config;
    if (config === undefined) throw fault(500, 'no CA is configured for verifying client certificates');
    checkTime(signedMs, config, this.#now());
    const instance = provenInstance(login, config.identityCas, this.#now());
    checkCfBounds(role, instance, request.remoteAddress);
    await checkInstance(config, instance);
    return order(name, role, instance, request);
  }
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

function parsedTime(text: string): number {
  const ms = TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw fault(400, `couldn't parse ${text}`);
  return ms;
}

function checkTime(signedMs: number, { maxOldMs, maxAheadMs }: CfConfig, nowMs: number): void {
  const when = `signed at ${shownTime(signedMs)} but received request at ${shownTime(nowMs)}`;
  if (signedMs < nowMs - maxOldMs)
    throw fault(400, `request is too old; ${when}; allowable seconds old is ${String(maxOldMs / 1000)}`);
  if (signedMs > nowMs + maxAheadMs) {
    const most = `allowable seconds in the future is ${String(maxAheadMs / 1000)}`;
    throw fault(400, `request is too far in the future; ${when}; ${most}`);
  }
}

const shownTime = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`;

function order(name: string, role: CfRole, instance: InstanceFacts, request: BackendRequest): AuthOrder {
  return {
    ...orderOf(role.token, request.remoteAddress),
    displayName: instance.instanceId,
    alias: instance.appId,
    internal: { role: name, instance },
  };
}

function nameOf(call: Call): string {
  return call.param('role').toLowerCase();
}
