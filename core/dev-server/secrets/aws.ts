// Secret engine `aws`: made-up credentials that really expire and really stop existing. `creds` leases keys of users (renewable),
// `sts` temporary ones (not renewable). `GET dev/keys/KEY` (no token needed, only here) tells whether a key is alive.
import { randomBytes } from 'node:crypto';
import { fault } from '../backend.js';
import type { Backend, BackendReply, Fields, LeaseView, Mount, Terms } from '../backend.js';
import { optionalDuration, optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Route } from '../route-table.js';
import { AwsKeys } from './aws-keys.js';
import { readAwsRole, roleArnFor, shownAwsRole, typeFor } from './aws-role.js';
import type { AwsRole, CredentialType } from './aws-role.js';

const ACCOUNT = '123456789012';
const HOUR_MS = 3_600_000;

/** The engine with its in-process question. */
export interface AwsBackend extends Backend {
  /** Whether a made-up access key still exists. */
  keyAlive(accessKey: string): boolean;
}

/** Makes an aws mount. */
export function createAws(mount: Mount): AwsBackend {
  const engine = new Aws(mount);
  return {
    ...routeTable(engine.routes()),
    unauthenticated: ['dev/keys/+'],
    renew: (lease) => engine.renew(lease),
    revoke: (lease) => engine.revoke(lease),
    keyAlive: (accessKey) => engine.keys.find(accessKey) !== undefined,
  };
}

class Aws {
  readonly keys: AwsKeys;
  readonly #roles = new Map<string, AwsRole>();
  readonly #mount: Mount;
  #root: Fields = {};
  #lease: { ttlMs: number; maxTtlMs: number } | undefined;

  constructor(mount: Mount) {
    this.#mount = mount;
    this.keys = new AwsKeys(() => mount.clock.now());
  }

  routes(): Route[] {
    const creds = (call: Call) => this.#issue(call, 'creds');
    const sts = (call: Call) => this.#issue(call, 'sts');
    return [
      {
        path: 'config/root',
        on: { read: () => ({ data: shownRoot(this.#root) }), write: (call) => this.#configure(call.body) },
      },
      { path: 'config/rotate-root', on: { write: () => this.#rotateRoot() } },
      { path: 'config/lease', on: { read: () => this.#shownLease(), write: (call) => this.#setLease(call.body) } },
      { path: 'roles', on: { list: () => listReply([...this.#roles.keys()].sort()) } },
      this.#roleRoute(),
      { path: 'creds/:name', on: { read: creds, write: creds } },
      { path: 'sts/:name', on: { read: sts, write: sts } },
      { path: 'dev/keys/:key', on: { read: (call) => this.#about(call.param('key')) } },
    ];
  }

  renew(lease: LeaseView): Terms {
    if (lease.internal['is_sts'] === true) throw fault(400, 'lease is not renewable');
    const alive = this.keys.find(String(lease.internal['access_key'])) !== undefined;
    if (!alive) throw fault(400, 'error renewing: access key does not exist');
    return this.#lease ?? {};
  }

  revoke(lease: LeaseView): void {
    if (lease.internal['is_sts'] === true) return;
    this.keys.delete(String(lease.internal['access_key']));
  }

  #roleRoute(): Route {
    return {
      path: 'roles/:name',
      exists: (call) => this.#roles.has(call.param('name')),
      on: {
        read: (call) => {
          const role = this.#roles.get(call.param('name'));
          return role === undefined ? undefined : { data: shownAwsRole(role) };
        },
        write: (call) => {
          const name = call.param('name');
          this.#roles.set(name, readAwsRole(call.body, this.#roles.get(name)));
          return undefined;
        },
        delete: (call) => {
          this.#roles.delete(call.param('name'));
          return undefined;
        },
      },
    };
  }

  #configure(body: Fields): undefined {
    this.#root = { ...body };
  }

  #rotateRoot(): BackendReply {
    const accessKey = newAccessKey('AKIA');
    this.#root = { ...this.#root, access_key: accessKey };
    return { data: { access_key: accessKey } };
  }

  #setLease(body: Fields): undefined {
    const ttlMs = optionalDuration(body, 'lease');
    const maxTtlMs = optionalDuration(body, 'lease_max');
    if (ttlMs === undefined) throw fault(400, "'lease' is a required parameter");
    if (maxTtlMs === undefined) throw fault(400, "'lease_max' is a required parameter");
    this.#lease = { ttlMs, maxTtlMs };
  }

  #shownLease(): BackendReply | undefined {
    if (this.#lease === undefined) return undefined;
    return {
      data: { lease: `${String(this.#lease.ttlMs / 1000)}s`, lease_max: `${String(this.#lease.maxTtlMs / 1000)}s` },
    };
  }

  #about(accessKey: string): BackendReply {
    const key = this.keys.find(accessKey);
    return { data: key === undefined ? { alive: false } : { alive: true, arn: key.arn, credential_type: key.kind } };
  }

  #issue(call: Call, path: 'creds' | 'sts'): BackendReply {
    const name = call.param('name');
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `Role '${name}' not found`);
    const type = typeFor(name, role, path, call.body);
    return type === 'iam_user' ? this.#user(name, call) : this.#temporary(name, role, type, call.body);
  }

  #user(name: string, call: Call): BackendReply {
    const accessKey = newAccessKey('AKIA');
    const display = call.request.token?.displayName ?? 'token';
    const username = `vault-${display}-${name}-${this.#mount.random(20)}`.slice(0, 64);
    const arn = `arn:aws:iam::${ACCOUNT}:user/${username}`;
    this.keys.add({ accessKey, kind: 'iam_user', arn, expiresAtMs: undefined });
    return {
      data: { access_key: accessKey, secret_key: newSecretKey(), security_token: null },
      lease: {
        ttlMs: this.#lease?.ttlMs ?? 0,
        maxTtlMs: this.#lease?.maxTtlMs ?? 0,
        renewable: true,
        internal: { access_key: accessKey, username, is_sts: false },
      },
    };
  }

  #temporary(name: string, role: AwsRole, type: CredentialType, body: Fields): BackendReply {
    const most = role.maxStsTtlMs || this.#mount.maxLeaseTtlMs();
    const ttlMs = Math.min(optionalDuration(body, 'ttl') || role.defaultStsTtlMs || HOUR_MS, most);
    const accessKey = newAccessKey('ASIA');
    const arn = this.#temporaryArn(name, role, type, body);
    this.keys.add({ accessKey, kind: type, arn, expiresAtMs: this.#mount.clock.now() + ttlMs });
    const security = `FwoGZXIvYXdzE${randomBytes(96).toString('base64')}`;
    const keys = {
      access_key: accessKey,
      secret_key: newSecretKey(),
      security_token: security,
      session_token: security,
    };
    return {
      data: { ...keys, arn, ttl: Math.floor(ttlMs / 1000) },
      lease: { ttlMs, maxTtlMs: ttlMs, renewable: false, internal: { access_key: accessKey, is_sts: true } },
    };
  }

  #temporaryArn(name: string, role: AwsRole, type: CredentialType, body: Fields): string {
    const session = optionalText(body, 'role_session_name') ?? `vault-${name}-${this.#mount.random(8)}`;
    if (type !== 'assumed_role') return `arn:aws:sts::${ACCOUNT}:federated-user/${session}`;
    const assumed = roleArnFor(name, role, body).split('/').at(-1) ?? name;
    return `arn:aws:sts::${ACCOUNT}:assumed-role/${assumed}/${session}`;
  }
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function newAccessKey(prefix: 'AKIA' | 'ASIA'): string {
  return prefix + [...randomBytes(16)].map((byte) => BASE32[byte % 32] ?? '').join('');
}

function newSecretKey(): string {
  return randomBytes(30).toString('base64');
}

function shownRoot(root: Fields): Fields {
  const text = (name: string) => (typeof root[name] === 'string' ? root[name] : '');
  return {
    access_key: text('access_key'),
    iam_endpoint: text('iam_endpoint'),
    max_retries: -1,
    region: text('region'),
    sts_endpoint: text('sts_endpoint'),
    sts_region: text('sts_region'),
  };
}
