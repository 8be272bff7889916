// Auth method `aws`: client configuration, certificates, roles, and logins of both types. The iam part follows recordings of Vault 1.21, the ec2 part the
// API documentation. STS and EC2 are asked where `config/client` says.
import { X509Certificate } from 'node:crypto';
import { fault } from '../backend.js';
import type { AuthOrder, AuthView, Backend, BackendRequest, Fields, Mount, Terms } from '../backend.js';
import { optionalText } from '../fields.js';
import { listReply, routeTable } from '../route-table.js';
import type { Call, Handler, Route } from '../route-table.js';
import { AccessList } from './aws-access-list.js';
import { callerOf } from './aws-caller.js';
import { FRESH_CLIENT_CONFIG, changedClientConfig, shownClientConfig } from './aws-config.js';
import type { AwsClientConfig } from './aws-config.js';
import { provenDocument, requireRunning } from './aws-instance.js';
import type { AwsCertificate, InstanceDocument } from './aws-instance.js';
import { isBound, principalOf } from './aws-principal.js';
import { checkHeaders, readHeaders, readSignedRequest } from './aws-request.js';
import { changedAwsRole, freshAwsRole, shownAwsRole } from './aws-role.js';
import type { AwsBound, AwsRole } from './aws-role.js';
import { checkSource, orderOf, termsOf } from './token-params.js';

const LONGEST_NONCE = 128;

/** Makes an aws mount. */
export function createAwsAuth(mount: Mount): Backend {
  const method = new AwsMethod(mount);
  return { ...routeTable(method.routes()), unauthenticated: ['login'], renewAuth: (auth) => method.renew(auth) };
}

class AwsMethod {
  readonly #mount: Mount;
  readonly #roles = new Map<string, AwsRole>();
  readonly #certificates = new Map<string, AwsCertificate>();
  readonly #instances = new AccessList();
  #config: AwsClientConfig | undefined;

  constructor(mount: Mount) {
    this.#mount = mount;
  }

  routes(): Route[] {
    const list: Handler = () => listReply([...this.#roles.keys()].sort());
    return [
      { path: 'login', on: { write: async ({ request }) => ({ auth: await this.#login(request) }) } },
      { path: 'config/client', on: this.#configRoutes(), exists: () => this.#config !== undefined },
      {
        path: 'config/certificate/:name',
        on: {
          read: (call) => this.#shownCertificate(call.param('name')),
          write: (call) => this.#register(call.param('name'), call.body),
          delete: (call) => gone(this.#certificates.delete(call.param('name'))),
        },
      },
      { path: 'config/certificates', on: { list: () => listReply([...this.#certificates.keys()].sort()) } },
      { path: 'roles', on: { list } },
      { path: 'role', on: { list } },
      { path: 'role/:role', on: this.#roleRoutes(), exists: (call) => this.#roles.has(nameOf(call)) },
      ...['identity-accesslist', 'identity-whitelist'].flatMap((path) => this.#instanceRoutes(path)),
    ];
  }

  renew(auth: AuthView): Terms {
    const name = auth.internal['role'] as string;
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(500, `role entry not found`);
    return termsOf(role.token);
  }

  #configRoutes(): Route['on'] {
    return {
      read: () => (this.#config === undefined ? undefined : { data: shownClientConfig(this.#config) }),
      write: (call) => {
        this.#config = changedClientConfig(this.#config ?? FRESH_CLIENT_CONFIG, call.body);
        return undefined;
      },
      delete: () => {
        this.#config = undefined;
        return undefined;
      },
    };
  }

  #roleRoutes(): Route['on'] {
    return {
      read: (call) => {
        const role = this.#roles.get(nameOf(call));
        return role === undefined ? undefined : { data: shownAwsRole(role) };
      },
      write: (call) => {
        const name = nameOf(call);
        const before = this.#roles.get(name) ?? freshAwsRole(this.#mount.randomUuid());
        this.#roles.set(name, changedAwsRole(before, call.body));
        return undefined;
      },
      delete: (call) => gone(this.#roles.delete(nameOf(call))),
    };
  }

  #instanceRoutes(path: string): Route[] {
    const id = (call: Call): string => call.param('id');
    return [
      { path, on: { list: () => listReply(this.#instances.ids()) } },
      {
        path: `${path}/:id`,
        on: {
          read: (call) => {
            const data = this.#instances.shown(id(call));
            return data === undefined ? undefined : { data };
          },
          delete: (call) => gone(this.#instances.remove(id(call))),
        },
      },
    ];
  }

  #shownCertificate(name: string): { data: Fields } | undefined {
    const found = this.#certificates.get(name);
    return found === undefined ? undefined : { data: { aws_public_cert: found.pem, type: found.type } };
  }

  #register(name: string, body: Fields): undefined {
    const pem = Buffer.from(optionalText(body, 'aws_public_cert') ?? '', 'base64').toString('utf8');
    const type = optionalText(body, 'type') ?? 'pkcs7';
    if (type !== 'pkcs7' && type !== 'identity') throw fault(400, `invalid certificate type "${type}"`);
    try {
      new X509Certificate(pem);
    } catch {
      throw fault(400, 'invalid certificate; failed to decode and parse certificate');
    }
    this.#certificates.set(name, { pem, type });
    return undefined;
  }

  async #login(request: BackendRequest): Promise<AuthOrder> {
    const { body } = request;
    const headers = readHeaders(body);
    const has = (names: readonly string[]): string[] =>
      names.filter((name) => body[name] !== undefined && body[name] !== '');
    const ec2 = has(['identity', 'signature', 'pkcs7', 'nonce']).length > 0;
    const iam = has(['iam_http_request_method', 'iam_request_url', 'iam_request_body', 'iam_request_headers']).length;
    if (ec2 && iam > 0) throw fault(400, 'supplied auth values for both ec2 and iam auth types');
    if (ec2) return this.#loginEc2(request);
    if (iam === 0) throw fault(400, "didn't supply required authentication values");
    if (iam < 4) throw fault(400, 'supplied some of the auth values for the iam auth type but not all');
    return this.#loginIam(request, headers);
  }

  async #loginIam(request: BackendRequest, headers: ReturnType<typeof readHeaders>): Promise<AuthOrder> {
    const signed = readSignedRequest(request.body, headers);
    if (this.#config !== undefined) checkHeaders(headers, this.#config);
    const caller = await callerOf(signed, this.#config ?? FRESH_CLIENT_CONFIG);
    const principal = principalOf(caller.arn);
    if (principal === undefined) throw fault(400, `error parsing arn "${caller.arn}"`);
    const name = nameIn(request.body) || principal.name.toLowerCase();
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `entry for role ${name} not found`);
    if (role.authType !== 'iam') throw fault(400, `auth method iam not allowed for role ${name}`);
    checkSource(role.token, request);
    const bound = role.bounds.bound_iam_principal_arn;
    if (bound.length > 0 && !isBound(bound, principal))
      throw fault(400, `IAM Principal "${caller.arn}" does not belong to the role "${name}"`);
    return this.#order(request, name, { account: caller.account, type: 'iam', displayName: principal.name });
  }

  async #loginEc2(request: BackendRequest): Promise<AuthOrder> {
    const { body } = request;
    const document = provenDocument(body, [...this.#certificates.values()]);
    const name = nameIn(body) || document.imageId;
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `entry for role "${name}" not found`);
    if (role.authType !== 'ec2') throw fault(400, `auth method ec2 not allowed for role ${name}`);
    checkSource(role.token, request);
    await requireRunning(document, this.#config ?? FRESH_CLIENT_CONFIG);
    checkBounds(document, name, role);
    const given = optionalText(body, 'nonce');
    if (given !== undefined && given.length > LONGEST_NONCE)
      throw fault(400, `client nonce exceeding the limit of ${String(LONGEST_NONCE)} characters`);
    const nonce = given ?? this.#mount.randomUuid();
    this.#instances.admit(document, nonce, { name, role, nowMs: this.#mount.clock.now() });
    const order = this.#order(request, name, {
      account: document.accountId,
      type: 'ec2',
      displayName: document.instanceId,
    });
    return given === undefined ? { ...order, metadata: { ...order.metadata, nonce } } : order;
  }

  #order(
    request: BackendRequest,
    name: string,
    who: { readonly account: string; readonly type: string; readonly displayName: string },
  ): AuthOrder {
    const role = this.#roles.get(name);
    if (role === undefined) throw fault(400, `entry for role ${name} not found`);
    return {
      ...orderOf(role.token, request.remoteAddress),
      displayName: who.displayName,
      alias: role.id,
      metadata: { account_id: who.account, auth_type: who.type, role_id: role.id },
      internal: { role: name },
    };
  }
}

function checkBounds(document: InstanceDocument, name: string, role: AwsRole): void {
  const checks: readonly [bound: AwsBound, value: string, text: string][] = [
    ['bound_account_id', document.accountId, `account ID "${document.accountId}" does not belong to role "${name}"`],
    ['bound_ami_id', document.imageId, `AMI ID "${document.imageId}" does not belong to role "${name}"`],
    ['bound_region', document.region, `Region "${document.region}" does not satisfy the constraint on role "${name}"`],
    [
      'bound_ec2_instance_id',
      document.instanceId,
      `EC2 instance ID "${document.instanceId}" does not belong to role "${name}"`,
    ],
  ];
  const broken = checks.find(([bound, value]) => role.bounds[bound].length > 0 && !role.bounds[bound].includes(value));
  if (broken !== undefined) throw fault(400, broken[2]);
}

const nameIn = (body: Fields): string => (optionalText(body, 'role') ?? '').toLowerCase();
const nameOf = (call: Call): string => call.param('role').toLowerCase();
const gone = (_done: unknown): undefined => undefined;
