// Auth method `kerberos`: configuration, groups, and a login whose SPNEGO token is really verified with the keytab (spec auth-wire 10.2; corrections).
import { fault } from '../backend.js';
import type { AuthOrder, Backend, BackendReply, BackendRequest, Fields, Mount } from '../backend.js';
import { optionalList } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { KerberosAcceptor } from './kerberos-acceptor.js';
import type { Proven } from './kerberos-acceptor.js';
import { readDirectoryConfig, readKerberosConfig } from './kerberos-config.js';
import { shownDirectoryConfig, shownKerberosConfig } from './kerberos-config.js';
import type { DirectoryConfig, KerberosConfig } from './kerberos-config.js';
import { checkSource, orderOf } from './token-params.js';

/** Makes a kerberos mount. Its tokens cannot be renewed. */
export function createKerberos(mount: Mount): Backend {
  const method = new KerberosMethod(mount);
  return {
    ...routeTable(method.routes()),
    unauthenticated: ['login'],
    renewAuth: () => {
      throw fault(400, 'lease is not renewable');
    },
  };
}

class KerberosMethod {
  readonly #mount: Mount;
  readonly #acceptor: KerberosAcceptor;
  readonly #groups = new Map<string, readonly string[]>();
  #config: KerberosConfig | undefined;
  #directory: DirectoryConfig | undefined;

  constructor(mount: Mount) {
    this.#mount = mount;
    this.#acceptor = new KerberosAcceptor(() => mount.clock.now());
  }

  routes(): Route[] {
    return [
      { path: 'login', on: { write: (call) => this.#login(call.request), read: () => unauthorized() } },
      {
        path: 'config',
        on: {
          read: () => shown(this.#config, shownKerberosConfig),
          write: ({ body }) => void (this.#config = readKerberosConfig(body)),
        },
        exists: () => this.#config !== undefined,
      },
      {
        path: 'config/ldap',
        on: {
          read: () => shown(this.#directory, shownDirectoryConfig),
          write: ({ body }) => void (this.#directory = readDirectoryConfig(body, this.#directory)),
        },
      },
      { path: 'groups', on: { list: () => listReply([...this.#groups.keys()].sort()) } },
      {
        path: 'groups/:name',
        on: {
          read: (call) => shown(this.#groups.get(nameOf(call)), (policies) => ({ policies })),
          write: (call) => void this.#groups.set(nameOf(call), optionalList(call.body, 'policies') ?? []),
          delete: (call) => void this.#groups.delete(nameOf(call)),
        },
      },
    ];
  }

  #login(request: BackendRequest): BackendReply {
    const [config, directory] = [this.#config, this.#directory];
    if (config === undefined) throw fault(500, 'backend kerberos not configured');
    if (directory === undefined) throw fault(500, 'ldap backend not configured');
    checkSource(directory.token, request);
    const token = this.#tokenOf(request);
    if (token === undefined) return unauthorized();
    let proven: Proven;
    try {
      proven = this.#acceptor.accept(token, config.keys, config.serviceAccount);
    } catch (error) {
      return { status: 401, warnings: [(error as Error).message] };
    }
    // From here on the token is spent, whatever comes of it.
    return { auth: this.#order(proven, { config, directory, request }) };
  }

  /** The first Authorization header, and only when the mount is tuned to pass it on. */
  #tokenOf(request: BackendRequest): Buffer | undefined {
    const passed = this.#mount.config.passthroughRequestHeaders ?? [];
    if (!passed.some((name) => name.toLowerCase() === 'authorization')) return undefined;
    const text = /^Negotiate +([A-Za-z0-9+/]+={0,2})$/i.exec(request.header('authorization') ?? '')?.[1];
    return text === undefined ? undefined : Buffer.from(text, 'base64');
  }

  #order(
    { client, realm }: Proven,
    { config, directory, request }: { config: KerberosConfig; directory: DirectoryConfig; request: BackendRequest },
  ): AuthOrder {
    if (realm !== directory.upnDomain) {
      throw fault(400, `identity domain of "${realm}" doesn't match LDAP upndomain of "${directory.upnDomain}"`);
    }
    const user = config.removeInstanceName ? (client.split('/')[0] as string) : client;
    if (directory.groups === undefined) {
      throw fault(500, 'the dev server has no LDAP client: set static_groups in config/ldap');
    }
    const groups = directory.groups.get(user);
    if (groups === undefined) throw fault(400, 'LDAP search returned 0 entries: user not found in the directory');
    const policies = groups.flatMap((group) => this.#groups.get(group) ?? []);
    const order = orderOf(directory.token, request.remoteAddress);
    return {
      ...order,
      policies: [...new Set([...order.policies, ...policies])].sort(),
      displayName: user,
      alias: user,
      metadata: { user, domain: realm },
      renewable: false,
    };
  }
}

/** A 401 without `www-authenticate` (corrections). */
function unauthorized(): never {
  throw fault(401, 'authentication required');
}

function shown<T>(value: T | undefined, view: (value: T) => Fields): BackendReply | undefined {
  return value === undefined ? undefined : { data: view(value) };
}

function nameOf(call: Call): string {
  return call.param('name').toLowerCase();
}
