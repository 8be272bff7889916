// Auth method `github`: configuration, policies of teams and users, and a login that asks the GitHub its configuration names (spec auth-wire 3.9).
// Renewals ask again with the token of the login.
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendReply, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalNumber, optionalText } from '../fields.js';
import { routeTable } from '../route-table.js';
import type { Route } from '../route-table.js';
import { orgIdOf, orgsOf, teamsOf, userOf } from './github-api.js';
import type { GithubCaller } from './github-api.js';
import { MappedPolicies, joined } from './mapped-policies.js';
import type { Mapping } from './mapped-policies.js';
import { NO_PARAMS, checkSource, orderOf, readTokenParams, shownTokenParams, termsOf } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** Makes a github mount. */
export function createGithub(_mount: Mount): Backend {
  const method = new GithubMethod();
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

interface Config {
  readonly organization: string;
  readonly organizationId: number;
  /** Empty for the public GitHub. */
  readonly baseUrl: string;
  readonly token: TokenParams;
}

interface Verified {
  readonly user: string;
  readonly org: string;
  readonly policies: readonly string[];
}

const PUBLIC_API = 'https://api.github.com/';

class GithubMethod {
  readonly #teams = new MappedPolicies();
  readonly #users = new MappedPolicies();
  #config: Config | undefined;

  routes(): Route[] {
    const shown = ({ policies }: Mapping, key: string): Fields => ({ key, value: policies.join(',') });
    return [
      { path: 'login', on: { write: (call) => this.#login(call.request) } },
      {
        path: 'config',
        on: {
          read: () => (this.#config === undefined ? undefined : { data: shownConfig(this.#config) }),
          write: ({ body }) => this.#configure(body),
        },
      },
      ...this.#teams.routes('map/teams', shown),
      ...this.#users.routes('map/users', shown),
    ];
  }

  async renew(auth: AuthView): Promise<Terms> {
    const config = this.#need();
    const { policies } = await this.#verified(config, String(auth.internal['token']));
    const wanted = joined(config.token.policies, policies, config.token.noDefaultPolicy ? [] : ['default']);
    if (wanted.join() !== [...auth.policies].sort().join()) throw fault(500, 'policies do not match');
    return termsOf(config.token);
  }

  async #configure(body: Fields): Promise<undefined> {
    const before = this.#config;
    const organization = optionalText(body, 'organization') ?? before?.organization ?? '';
    if (organization === '') throw fault(400, 'organization is a required parameter');
    const baseUrl = slashed(optionalText(body, 'base_url') ?? before?.baseUrl ?? '');
    if (baseUrl !== '' && !URL.canParse(baseUrl)) throw fault(400, `error parsing given base_url: ${baseUrl}`);
    const given =
      optionalNumber(body, 'organization_id') ?? (organization === before?.organization ? before.organizationId : 0);
    const organizationId =
      given === 0 ? await lookedUp({ base: baseUrl || PUBLIC_API, token: '' }, organization) : given;
    const token = readTokenParams(body, before?.token ?? NO_PARAMS);
    this.#config = { organization, organizationId, baseUrl, token };
    return undefined;
  }

  async #login(request: BackendRequest): Promise<BackendReply> {
    const token = optionalText(request.body, 'token') ?? '';
    const config = this.#need();
    checkSource(config.token, request);
    const found = await this.#verified(config, token);
    return { auth: order(config, found, token, request) };
  }

  async #verified(config: Config, token: string): Promise<Verified> {
    const caller: GithubCaller = { base: config.baseUrl || PUBLIC_API, token };
    const user = await userOf(caller);
    const org = (await orgsOf(caller)).find(({ id }) => id === config.organizationId);
    if (org === undefined) throw fault(400, 'user is not part of required org');
    const teams = (await teamsOf(caller)).filter(({ orgId }) => orgId === org.id);
    const names = [...new Set(teams.flatMap(({ name, slug }) => [name, slug]))];
    return { user, org: org.login, policies: joined(this.#teams.of([...names, 'default']), this.#users.of([user])) };
  }

  #need(): Config {
    if (this.#config === undefined) throw fault(400, 'configuration has not been set');
    return this.#config;
  }
}

const slashed = (url: string): string => (url === '' || url.endsWith('/') ? url : `${url}/`);

async function lookedUp(caller: GithubCaller, organization: string): Promise<number> {
  return orgIdOf(caller, organization).catch((error: unknown) => {
    const why = (error as Error).message;
    throw fault(400, `unable to fetch the organization_id, you must manually set it in the config: ${why}`);
  });
}

function shownConfig(config: Config): Fields {
  return {
    base_url: config.baseUrl,
    organization: config.organization,
    organization_id: config.organizationId,
    ...shownTokenParams(config.token),
  };
}

function order(config: Config, found: Verified, token: string, request: BackendRequest): AuthOrder {
  return {
    ...orderOf(config.token, request.remoteAddress),
    policies: joined(config.token.policies, found.policies),
    displayName: found.user,
    alias: found.user,
    metadata: { username: found.user, org: found.org },
    internal: { token },
  };
}
