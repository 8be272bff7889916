// A Kubernetes API server, as much of it as agents ask: TokenReview, TokenRequest, and Secrets with server-side apply. It speaks TLS with a certificate of its
// own authority and takes bearer tokens that it issued itself, unexpired and for its own audience; each account may do what `allow` says.
import { makeCertificate } from '../../core/sdk/testing/certificates.js';
import { bearerOf, HttpDouble, type Asked, type Reply } from './http-double.js';
import { Issuer } from './issuer.js';
import { KubeSecrets, type Applied } from './kube-secrets.js';

/** What an account may do; `*` stands for any name. */
export type Verb =
  'tokenreviews:create' | `serviceaccounts/token:create:${string}` | `secrets:${'get' | 'patch'}:${string}`;

interface Account {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

const AUDIENCE = 'https://kubernetes.default.svc.cluster.local';

/** The double. `ca` is what clients must trust, `host` and `port` what stands in the variables of a pod. */
export class KubeApi {
  readonly issuer = new Issuer();
  readonly secrets = new KubeSecrets();
  readonly http: HttpDouble;
  readonly ca: string;
  /** Audiences, lifetimes and names that TokenRequests asked for. */
  readonly tokenRequests: {
    readonly account: string;
    readonly audiences: readonly string[];
    readonly seconds: number;
  }[] = [];
  /** Field managers that applied. */
  readonly applies: { readonly manager: string; readonly force: boolean; readonly secret: string }[] = [];
  readonly #accounts = new Map<string, Account>();
  readonly #allowed = new Map<string, Set<string>>();
  readonly #nowMs: () => number;
  readonly #tokens = new Map<
    string,
    { readonly account: Account; readonly audiences: readonly string[]; readonly endsMs: number }
  >();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    const authority = makeCertificate({ name: 'kubernetes', authority: true });
    this.ca = authority.cert;
    this.http = new HttpDouble({
      tls: makeCertificate({ name: 'kube-apiserver', issuer: authority }),
      answer: (asked) => this.#answer(asked),
    });
  }

  get host(): string {
    return new URL(this.http.url).hostname;
  }

  get port(): string {
    return new URL(this.http.url).port;
  }

  /** Makes an account and lets it do something. */
  account(namespace: string, name: string, ...verbs: Verb[]): void {
    this.#accounts.set(`${namespace}/${name}`, { namespace, name, uid: `uid-of-${name}` });
    this.#allowed.set(`${namespace}/${name}`, new Set(verbs));
  }

  /** A token of an account, as kubelet puts it into the pod. */
  token(namespace: string, name: string, { audiences = [AUDIENCE], seconds = 3600 } = {}): string {
    const account = this.#accounts.get(`${namespace}/${name}`);
    if (account === undefined) throw new Error(`no account ${namespace}/${name}`);
    const now = Math.floor(this.#nowMs() / 1000);
    const { uid } = account;
    const token = this.issuer.sign({
      iss: AUDIENCE,
      sub: `system:serviceaccount:${namespace}:${name}`,
      aud: audiences,
      iat: now,
      nbf: now,
      exp: now + seconds,
      jti: `${String(this.#tokens.size)}-${uid}`,
      'kubernetes.io': { namespace, serviceaccount: { name, uid } },
    });
    this.#tokens.set(token, { account, audiences, endsMs: (now + seconds) * 1000 });
    return token;
  }

  /** Tokens of an account are dead from now on. */
  revoke(namespace: string, name: string): void {
    for (const [token, { account }] of this.#tokens)
      if (account.namespace === namespace && account.name === name) this.#tokens.delete(token);
  }

  #answer(asked: Asked): Reply {
    const caller = this.#living(bearerOf(asked), [AUDIENCE]);
    if (caller === undefined) return status(401, 'Unauthorized', 'Unauthorized');
    const { method, path } = asked;
    if (path === '/apis/authentication.k8s.io/v1/tokenreviews' && method === 'POST')
      return this.#may(caller, 'tokenreviews:create') ?? this.#review(asked);
    const tokenPath = /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/.exec(path);
    if (tokenPath !== null && method === 'POST') {
      const [, namespace = '', name = ''] = tokenPath;
      return this.#may(caller, `serviceaccounts/token:create:${name}`) ?? this.#tokenRequest(namespace, name, asked);
    }
    const secretPath = /^\/api\/v1\/namespaces\/([^/]+)\/secrets\/([^/]+)$/.exec(path);
    if (secretPath === null) return status(404, 'NotFound', 'the server could not find the requested resource');
    const [, namespace = '', name = ''] = secretPath;
    if (namespace !== caller.namespace) return forbidden(caller, `secrets "${name}" in namespace "${namespace}"`);
    return this.#secret(caller, namespace, name, asked);
  }

  #living(token: string, audiences: readonly string[]): Account | undefined {
    const known = this.#tokens.get(token);
    const isMeant = known?.audiences.some((audience) => audiences.includes(audience)) === true;
    return known !== undefined && isMeant && known.endsMs > this.#nowMs() ? known.account : undefined;
  }

  #may(caller: Account, verb: string): Reply | undefined {
    const allowed = this.#allowed.get(`${caller.namespace}/${caller.name}`) ?? new Set();
    const any = verb.replace(/:[^:]*$/, ':*');
    return allowed.has(verb) || (verb.split(':').length > 2 && allowed.has(any)) ? undefined : forbidden(caller, verb);
  }

  #review({ body }: Asked): Reply {
    const { spec } = JSON.parse(body) as { spec: { token: string; audiences?: string[] } };
    const asked = spec.audiences ?? [AUDIENCE];
    const account = this.#living(spec.token, asked);
    if (account === undefined)
      return { status: 201, body: { kind: 'TokenReview', status: { error: 'invalid bearer token' } } };
    const username = `system:serviceaccount:${account.namespace}:${account.name}`;
    const audiences = this.#tokens.get(spec.token)?.audiences.filter((one) => asked.includes(one));
    return {
      status: 201,
      body: { kind: 'TokenReview', status: { authenticated: true, audiences, user: { username, uid: account.uid } } },
    };
  }

  #tokenRequest(namespace: string, name: string, { body }: Asked): Reply {
    const { apiVersion, kind, spec } = JSON.parse(body) as {
      apiVersion?: string;
      kind?: string;
      spec?: { audiences?: string[]; expirationSeconds?: number };
    };
    if (apiVersion !== 'authentication.k8s.io/v1' || kind !== 'TokenRequest')
      return status(400, 'BadRequest', 'no TokenRequest');
    if (!this.#accounts.has(`${namespace}/${name}`))
      return status(404, 'NotFound', `serviceaccounts "${name}" not found`);
    const { audiences = [AUDIENCE], expirationSeconds: seconds = 3600 } = spec ?? {};
    if (seconds < 600)
      return status(
        422,
        'Invalid',
        'spec.expirationSeconds: Invalid value: may not specify a duration less than 10 minutes',
      );
    this.tokenRequests.push({ account: `${namespace}/${name}`, audiences, seconds });
    const token = this.token(namespace, name, { audiences, seconds });
    return {
      status: 201,
      body: {
        kind: 'TokenRequest',
        status: { token, expirationTimestamp: new Date(this.#nowMs() + seconds * 1000).toISOString() },
      },
    };
  }

  #secret(caller: Account, namespace: string, name: string, asked: Asked): Reply {
    if (asked.method === 'GET') {
      const secret = this.secrets.read(namespace, name);
      return (
        this.#may(caller, `secrets:get:${name}`) ??
        (secret === undefined ? notFound(name) : { status: 200, body: secret })
      );
    }
    if (asked.method !== 'PATCH') return status(405, 'MethodNotAllowed', 'the server does not allow this method');
    if (asked.headers['content-type'] !== 'application/apply-patch+yaml')
      return status(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format');
    const manager = asked.query.get('fieldManager') ?? '';
    if (manager === '') return status(422, 'Invalid', 'fieldManager: Required value: is required for apply patch');
    const force = asked.query.get('force') === 'true';
    if (asked.query.get('dryRun') === 'All')
      return this.#may(caller, `secrets:patch:${name}`) ?? { status: 200, body: { kind: 'Secret' } };
    this.applies.push({ manager, force, secret: `${namespace}/${name}` });
    return (
      this.#may(caller, `secrets:patch:${name}`) ??
      appliedReply(name, this.secrets.apply(namespace, name, JSON.parse(asked.body), { manager, force }))
    );
  }
}

function appliedReply(name: string, applied: Applied): Reply {
  if (applied.outcome === 'invalid') return status(422, 'Invalid', `Secret "${name}" is invalid: ${applied.why}`);
  if (applied.outcome !== 'conflict')
    return { status: applied.outcome === 'created' ? 201 : 200, body: applied.secret };
  const { fields, owners } = applied;
  const causes = fields.map((field) => ({ reason: 'FieldManagerConflict', field: `.${field.replace('/', '.')}` }));
  const text = `Apply failed with ${String(fields.length)} conflict(s): conflicts with ${owners.map((owner) => `"${owner}"`).join(', ')}`;
  return status(409, 'Conflict', text, { causes });
}

const notFound = (name: string): Reply => status(404, 'NotFound', `secrets "${name}" not found`);

const forbidden = (caller: Account, what: string): Reply =>
  status(403, 'Forbidden', `User "system:serviceaccount:${caller.namespace}:${caller.name}" cannot do: ${what}`);

function status(code: number, reason: string, message: string, details?: object): Reply {
  return {
    status: code,
    body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code, details },
  };
}
