// Auth method `oci`: configuration, roles, and a login by signed headers that an identity service judges (spec auth-wire 9.4). `identity_endpoint` of
// the configuration is the dev server's own: the real one asks Oracle Cloud. Tokens cannot be renewed.
import { fault } from '../backend.js';
import type { AuthOrder, Backend, Fields, Mount } from '../backend.js';
import { optionalList, optionalText } from '../fields.js';
import { routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { authenticated, memberships } from './oci-identity.js';
import { roleRoutes } from './role-routes.js';
import { NO_PARAMS, checkSource, orderOf, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** Makes an oci mount. */
export function createOci(_mount: Mount): Backend {
  return { ...routeTable(new OciMethod().routes()), unauthenticated: ['login/*'] };
}

interface OciRole {
  readonly ocids: readonly string[];
  readonly token: TokenParams;
}

const MOST_OCIDS = 100;
const TARGET = '(request-target)';

class OciMethod {
  readonly #roles = new Map<string, OciRole>();
  #tenancy = '';
  #endpoint = '';

  routes(): Route[] {
    return [
      { path: 'login/:role', on: { write: async (call) => ({ auth: await this.#login(call) }) } },
      {
        path: 'config',
        on: {
          read: () => ({ data: { home_tenancy_id: this.#tenancy, identity_endpoint: this.#endpoint } }),
          write: (call) => this.#configure(call.body),
        },
      },
      ...roleRoutes({
        ...{ folder: 'role', roles: this.#roles, nameOf },
        shown: (role) => ({ ocid_list: [...role.ocids], ...shownTokenParams(role.token) }),
        write: (name, body) => this.#write(name, body),
      }),
    ];
  }

  #configure(body: Fields): undefined {
    const tenancy = optionalText(body, 'home_tenancy_id') ?? this.#tenancy;
    const endpoint = optionalText(body, 'identity_endpoint') ?? this.#endpoint;
    if (tenancy === '') throw fault(400, 'Missing homeTenancyId');
    if (endpoint !== '' && !URL.canParse(endpoint)) throw fault(400, `invalid identity_endpoint "${endpoint}"`);
    this.#tenancy = tenancy;
    this.#endpoint = endpoint;
  }

  #write(name: string, body: Fields): undefined {
    const before = this.#roles.get(name);
    const ocids = optionalList(body, 'ocid_list') ?? before?.ocids ?? [];
    if (ocids.length > MOST_OCIDS) throw fault(400, 'Number of OCIDs for this role exceeds the limit');
    this.#roles.set(name, { ocids, token: readTokenParams(body, before?.token ?? NO_PARAMS) });
  }

  async #login(call: Call): Promise<AuthOrder> {
    const name = nameOf(call);
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, 'Role is not found');
    checkSource(role.token, call.request);
    const headers = signedHeaders(call.body['request_headers']);
    checkTarget(headers[TARGET]?.[0], name);
    const principal = await authenticated(this.#endpoint, headers);
    if (this.#tenancy === '') throw fault(400, 'Home Tenancy is invalid');
    if (principal.tenantId !== this.#tenancy) throw fault(400, 'Invalid Tenancy');
    const groups = await memberships(this.#endpoint, principal, role.ocids);
    if (!role.ocids.some((ocid) => groups.includes(ocid)))
      throw fault(400, 'Entity not a part of any of the Role OCIDs');
    return {
      ...orderOf(role.token, call.request.remoteAddress),
      displayName: name,
      alias: name,
      metadata: { role_name: name },
      renewable: false,
    };
  }
}

type Headers = Readonly<Record<string, readonly string[]>>;

/** A map of lists of texts; also as base64 of JSON, as the server takes headers. */
function signedHeaders(value: unknown): Headers {
  const found = typeof value === 'string' ? decoded(value) : value;
  if (typeof found !== 'object' || found === null) throw fault(400, 'request_headers is not specified');
  const lists = Object.entries(found).map(([name, list]) => [name, [list].flat().map(String)] as const);
  return Object.fromEntries(lists);
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Method and last segments; the mount is not compared. */
function checkTarget(target: string | undefined, role: string): void {
  if (target === undefined) throw fault(400, 'no (request-target) specified in header');
  const [method = '', path = '', ...more] = target.split(/\s+/);
  const segments = path.replace(/^\//, '').split('/');
  const right =
    more.length === 0 &&
    method.toLowerCase() === 'get' &&
    segments.length >= 5 &&
    segments[0] === 'v1' &&
    segments[1] === 'auth' &&
    segments.at(-2) === 'login' &&
    segments.at(-1) === role;
  if (!right) throw fault(400, 'incorrect (request-target) specified in header');
}

function nameOf(call: Call): string {
  return call.param('role').toLowerCase();
}
