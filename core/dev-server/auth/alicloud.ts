// Auth method `alicloud`: roles, and a login by a signed request that a Security Token Service judges (spec auth-wire 7.3). The `config` with
// `sts_endpoint` is the dev server's own: the real one asks Alibaba Cloud.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { isSessionOf, parseArn } from './alicloud-arn.js';
import type { Arn } from './alicloud-arn.js';
import { callerOf } from './alicloud-caller.js';
import type { Caller } from './alicloud-caller.js';
import { NO_PARAMS, checkSource, orderOf, readTokenParams, shownTokenParams, termsOf } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** Makes an alicloud mount. */
export function createAliCloud(_mount: Mount): Backend {
  const method = new AliCloudMethod();
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

interface AliCloudRole {
  readonly arn: Arn;
  readonly token: TokenParams;
}

class AliCloudMethod {
  readonly #roles = new Map<string, AliCloudRole>();
  #endpoint = '';

  routes(): Route[] {
    const list = () => listReply([...this.#roles.keys()].sort());
    return [
      { path: 'login', on: { write: async (call) => ({ auth: await this.#login(call.request) }) } },
      {
        path: 'config',
        on: {
          read: () => ({ data: { sts_endpoint: this.#endpoint } }),
          write: (call) => this.#configure(call.body),
        },
      },
      { path: 'role', on: { list } },
      { path: 'roles', on: { list } },
      {
        path: 'role/:role',
        exists: (call) => this.#roles.has(nameOf(call)),
        on: {
          read: (call) => {
            const role = this.#roles.get(nameOf(call));
            return role && { data: { arn: role.arn.full, ...shownTokenParams(role.token) } };
          },
          write: (call) => this.#write(nameOf(call), call.body),
          delete: (call) => {
            this.#roles.delete(nameOf(call));
            return undefined;
          },
        },
      },
    ];
  }

  renew(auth: AuthView): Terms {
    const role = this.#roles.get(auth.internal['role'] as string);
    if (role === undefined) throw fault(500, 'role entry not found');
    checkMember(parseArn(auth.internal['arn'] as string, 500, ''), role);
    return termsOf(role.token);
  }

  #configure(body: Fields): undefined {
    const endpoint = optionalText(body, 'sts_endpoint') ?? this.#endpoint;
    if (endpoint !== '' && !URL.canParse(endpoint)) throw fault(400, `invalid sts_endpoint "${endpoint}"`);
    this.#endpoint = endpoint;
  }

  #write(name: string, body: Fields): undefined {
    const before = this.#roles.get(name);
    const text = optionalText(body, 'arn');
    if (text === undefined && before === undefined) throw fault(500, 'the arn is required to create a role');
    const arn = text === undefined ? before?.arn : parseArn(text, 500, `unable to parse arn ${text}: `);
    if (arn === undefined) return;
    if (arn.type !== 'role')
      throw fault(500, `only role arn types are supported at this time, but ${arn.full} was provided`);
    this.#roles.set(name, { arn, token: readTokenParams(body, before?.token ?? NO_PARAMS) });
  }

  async #login(request: BackendRequest): Promise<AuthOrder> {
    const caller = await callerOf(request.body, this.#endpoint);
    const arn = parseArn(caller.arn, 500, `unable to parse entity's arn ${caller.arn} due to `);
    if (arn.type !== 'assumed-role')
      throw fault(500, `only assumed-role arn types are supported at this time, but ${arn.type} was provided`);
    const name = optionalText(request.body, 'role') ?? '';
    if (name === '') throw fault(500, 'missing role');
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(500, `entry for role ${name} not found`);
    checkSource(role.token, request);
    checkMember(arn, role);
    return order(name, role, caller, request);
  }
}

function checkMember(session: Arn, role: AliCloudRole): void {
  if (!isSessionOf(session, role.arn)) throw fault(500, "the caller's arn does not match the role's arn");
}

function order(name: string, role: AliCloudRole, caller: Caller, request: BackendRequest): AuthOrder {
  return {
    ...orderOf(role.token, request.remoteAddress),
    displayName: caller.principalId,
    alias: caller.principalId,
    metadata: {
      account_id: caller.accountId,
      user_id: caller.userId,
      role_id: caller.roleId,
      arn: caller.arn,
      identity_type: caller.identityType,
      principal_id: caller.principalId,
      request_id: caller.requestId,
      role_name: name,
    },
    internal: { role: name, arn: caller.arn },
  };
}

function nameOf(call: Call): string {
  return call.param('role').toLowerCase();
}
