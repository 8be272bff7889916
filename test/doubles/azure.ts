// Double of the services of Azure around a machine: instance metadata, App Service's and Arc's identity endpoints, the resource manager. It refuses what the
// real ones refuse: requests without their header, forwarded ones, identities that are not assigned. (Spec auth-wire 5, 11.4.)
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Loopback, type Answer, type Asked } from './azure-http.js';
import type { EntraDouble } from './entra.js';

/** A managed identity. */
export interface ManagedIdentity {
  readonly clientId: string;
  readonly objectId: string;
  readonly resourceId: string;
}

/** A virtual machine. */
export interface Machine {
  readonly name: string;
  readonly resourceGroupName: string;
  readonly subscriptionId: string;
  readonly vmScaleSetName: string;
  readonly location: string;
}

/** Path of App Service's endpoint on the double. */
export const APP_SERVICE = '/msi/token';
/** Path of Arc's endpoint on the double. */
export const ARC = '/arc/token';
/** Path of the tokens of the instance metadata service. */
export const IMDS_TOKEN = '/metadata/identity/oauth2/token';

const NAMES = {
  imds: { client_id: 'clientId', object_id: 'objectId', msi_res_id: 'resourceId' },
  app: { client_id: 'clientId', principal_id: 'objectId', mi_res_id: 'resourceId' },
} as const;

/** The double. */
export class AzureDouble {
  readonly http = new Loopback((asked) => this.#answer(asked));
  identities: ManagedIdentity[] = [identity('1')];
  machine: Machine = {
    name: 'vm1',
    resourceGroupName: 'rg-app',
    subscriptionId: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
    vmScaleSetName: '',
    location: 'westeurope',
  };
  /** Value of IDENTITY_HEADER. */
  readonly header = randomBytes(24).toString('hex');
  /** Folder of Arc's key files; set before Arc is asked. */
  arcFolder = '';
  #arcKey: string | undefined;
  readonly #entra: EntraDouble;

  constructor(entra: EntraDouble) {
    this.#entra = entra;
  }

  #answer(asked: Asked): Answer {
    const { pathname } = asked.url;
    if (pathname === IMDS_TOKEN) return this.#metadata(asked, () => this.#token(asked, 'imds', '2018-02-01'));
    if (pathname === '/metadata/instance')
      return this.#metadata(asked, () => ({ status: 200, body: { compute: this.machine } }));
    if (pathname === APP_SERVICE) {
      if (asked.headers['x-identity-header'] !== this.header)
        return { status: 401, body: { statusCode: 401, message: 'Unauthorized' } };
      return this.#token(asked, 'app', '2019-08-01');
    }
    if (pathname === ARC) return this.#metadata(asked, () => this.#arc(asked));
    if (pathname.startsWith('/subscriptions/')) return this.#resource(asked);
    return { status: 404, body: { error: 'not_found' } };
  }

  #metadata({ headers, url }: Asked, answer: () => Answer): Answer {
    if (headers['metadata'] !== 'true') return bad('Required metadata header not specified');
    if (headers['x-forwarded-for'] !== undefined) return bad('Bad request. x-forwarded-for is not allowed');
    if (!url.searchParams.has('api-version')) return bad('Bad request. api-version was not specified');
    return answer();
  }

  #token({ url }: Asked, kind: keyof typeof NAMES, version: string): Answer {
    const query = url.searchParams;
    if (query.get('api-version') !== version) return bad('Bad request. api-version is invalid');
    const resource = query.get('resource');
    if (resource === null) return bad("Required query variable 'resource' is missing");
    const names = Object.entries(NAMES[kind]).filter(([name]) => query.has(name));
    const fit = this.identities.filter((one) => names.every(([name, key]) => one[key] === query.get(name)));
    if (fit.length === 0) return bad('Identity not found');
    if (fit.length > 1)
      return bad('Multiple user assigned identities exist, please specify the clientId / resourceId of the identity');
    return this.#issued(resource, fit[0] as ManagedIdentity);
  }

  #issued(resource: string, { objectId, clientId, resourceId }: ManagedIdentity): Answer {
    const { subscriptionId, resourceGroupName, name } = this.machine;
    const group = `/subscriptions/${subscriptionId}/resourcegroups/${resourceGroupName}/providers`;
    const claims = {
      oid: objectId,
      appid: clientId,
      xms_mirid: resourceId,
      xms_az_rid: `${group}/Microsoft.Compute/virtualMachines/${name}`,
    };
    const access_token = this.#entra.issue(resource, claims);
    return {
      status: 200,
      body: { access_token, client_id: clientId, expires_in: '86399', resource, token_type: 'Bearer' },
    };
  }

  // A fresh key file per challenge, good for one answer.
  #arc(asked: Asked): Answer {
    const { authorization } = asked.headers;
    if (authorization === undefined) {
      this.#arcKey = randomBytes(24).toString('hex');
      const path = join(this.arcFolder, 'challenge.key');
      writeFileSync(path, this.#arcKey, { mode: 0o600 });
      return { status: 401, body: '', headers: { 'WWW-Authenticate': `Basic realm=${path}` } };
    }
    const isRight = this.#arcKey !== undefined && authorization === `Basic ${this.#arcKey}`;
    this.#arcKey = undefined;
    if (!isRight) return { status: 401, body: { error: 'unauthorized' } };
    return this.#token(asked, 'imds', '2020-06-01');
  }

  #resource({ url, headers }: Asked): Answer {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (!this.#entra.holds(bearer, this.http.url))
      return { status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } };
    const { subscriptionId, resourceGroupName, name, vmScaleSetName, location } = this.machine;
    const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroupName}/providers/Microsoft.Compute`;
    const known = [`${group}/virtualMachines/${name}`, `${group}/virtualMachineScaleSets/${vmScaleSetName}`];
    if (!known.includes(url.pathname)) return { status: 404, body: { error: { code: 'ResourceNotFound' } } };
    const [first] = this.identities;
    const owned = this.identities.map(({ resourceId, objectId, clientId }) => [
      resourceId,
      { principalId: objectId, clientId },
    ]);
    const identities = { principalId: first?.objectId, userAssignedIdentities: Object.fromEntries(owned) as unknown };
    return { status: 200, body: { id: url.pathname, location, identity: identities } };
  }
}

/** A managed identity with ids made of a digit. */
export function identity(digit: string): ManagedIdentity {
  const id = (first: string): string => `${first.repeat(8)}-0000-4000-8000-${digit.repeat(12)}`;
  const resourceId = `/subscriptions/${id('a')}/resourcegroups/rg-app/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id${digit}`;
  return { clientId: id('c'), objectId: id('d'), resourceId };
}

const bad = (text: string): Answer => ({ status: 400, body: { error: 'invalid_request', error_description: text } });
