// Double of Google's public services: OAuth tokens, STS, IAM credentials, IAM, compute and certificates. It verifies like the real ones: signatures, audiences,
// times, permissions. (Spec auth-wire 6, 11.4.)
import { createPrivateKey, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { Loopback, type Answer, type Asked } from './azure-http.js';
import { rsaCertificate, type RsaCertificate } from './entra-certificate.js';
import { isSignedBy, issuerKeys, partsOf, rs256, type Claims } from './entra-tokens.js';

/** A service account. */
export interface Account {
  readonly id: string;
  readonly project: string;
  /** Certificates by key id. */
  readonly certificates: Map<string, string>;
  /** Principals that may sign for it or impersonate it. */
  readonly trusted: Set<string>;
}

/** A virtual machine. */
export interface Instance {
  readonly project: string;
  readonly zone: string;
  readonly name: string;
  readonly id: string;
  status: string;
  labels: Record<string, string>;
}

/** A person's login with gcloud. */
export interface UserLogin {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly email: string;
}

const HOUR_S = 3600;
const SYSTEM_KEY = 'system-1';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const BY_JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ACCOUNT = '([^/:]+)';

let keysOfAll: { readonly google: ReturnType<typeof issuerKeys>; readonly system: RsaCertificate } | undefined;

/** The double. */
export class GoogleDouble {
  readonly http = new Loopback((asked) => this.#answer(asked));
  readonly accounts = new Map<string, Account>();
  readonly users = new Map<string, UserLogin>();
  readonly instances: Instance[] = [];
  /** Issuers that the pool provider of an audience accepts. */
  readonly providers = new Map<string, KeyObject>();
  readonly #now: () => number;
  readonly #tokens = new Map<string, { readonly principal: string; readonly untilMs: number }>();
  readonly #keys = (keysOfAll ??= { google: issuerKeys(), system: rsaCertificate('system') });

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Adds a service account. */
  account(email: string, project = 'shop'): Account {
    const id = String(100000 + this.accounts.size);
    const certificates = new Map([[SYSTEM_KEY, this.#keys.system.cert]]);
    const account = { id, project, certificates, trusted: new Set([email]) };
    this.accounts.set(email, account);
    return account;
  }

  /** The content of a key file for an account; the key is known from then on. */
  keyFile(email: string, pair: RsaCertificate, keyId = randomBytes(8).toString('hex')): Record<string, string> {
    this.accounts.get(email)?.certificates.set(keyId, pair.cert);
    return {
      type: 'service_account',
      client_email: email,
      private_key: pair.key,
      private_key_id: keyId,
      token_uri: `${this.http.url}/token`,
    };
  }

  /** An access token for a principal. */
  issue(principal: string): string {
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    this.#tokens.set(token, { principal, untilMs: this.#now() + HOUR_S * 1000 });
    return token;
  }

  /** A token signed with Google's own key. */
  sign(claims: Claims): string {
    return rs256(claims, this.#keys.google.privateKey, { kid: 'google-1' });
  }

  #answer(asked: Asked): Answer {
    const { pathname } = asked.url;
    if (asked.method === 'POST') return this.#posted(asked, decodeURIComponent(pathname));
    if (pathname === '/oauth2/v3/certs') {
      const jwk = this.#keys.google.publicKey.export({ format: 'jwk' });
      return { status: 200, body: { keys: [{ ...jwk, kid: 'google-1' }] } };
    }
    const [, email] = /^\/service_accounts\/v1\/metadata\/x509\/(.+)$/.exec(decodeURIComponent(pathname)) ?? [];
    if (email !== undefined) {
      const account = this.#find(email)?.account;
      return account === undefined ? missing() : { status: 200, body: Object.fromEntries(account.certificates) };
    }
    return this.#principal(asked) === undefined ? unauthenticated() : this.#looked(decodeURIComponent(pathname));
  }

  #looked(path: string): Answer {
    const [, name] = /^\/v1\/projects\/-\/serviceAccounts\/(.+)$/.exec(path) ?? [];
    if (name !== undefined) {
      const found = this.#find(name);
      if (found === undefined) return missing();
      const { id, project } = found.account;
      return { status: 200, body: { email: found.email, uniqueId: id, projectId: project } };
    }
    const [, project, zone, instance] =
      /^\/compute\/v1\/projects\/(.+)\/zones\/(.+)\/instances\/(.+)$/.exec(path) ?? [];
    const machine = this.instances.find((one) => one.project === project && one.zone === zone && one.name === instance);
    return machine === undefined ? missing() : { status: 200, body: { ...machine, serviceAccounts: [] } };
  }

  #posted(asked: Asked, path: string): Answer {
    if (path === '/token') return this.#token(new URLSearchParams(asked.body));
    if (path === '/v1/token') return this.#exchanged(new URLSearchParams(asked.body));
    const [, email = '', verb = ''] = new RegExp(`^/v1/projects/-/serviceAccounts/${ACCOUNT}:(\\w+)$`).exec(path) ?? [];
    const principal = this.#principal(asked);
    if (principal === undefined) return unauthenticated();
    const account = this.accounts.get(email);
    if (account === undefined || !account.trusted.has(principal)) return denied(email);
    const body = JSON.parse(asked.body) as Readonly<Record<string, unknown>>;
    if (verb === 'signJwt') return this.#signed(body);
    if (verb === 'generateAccessToken') return this.#impersonated(email, body);
    return missing();
  }

  #token(form: URLSearchParams): Answer {
    if (form.get('grant_type') === 'refresh_token') {
      const user = this.users.get(form.get('refresh_token') ?? '');
      if (user === undefined) return refused(400, 'invalid_grant', 'Token has been expired or revoked.');
      const isClient = form.get('client_id') === user.clientId && form.get('client_secret') === user.clientSecret;
      return isClient ? this.#granted(user.email) : refused(401, 'invalid_client', 'Unauthorized');
    }
    if (form.get('grant_type') !== BY_JWT) return refused(400, 'unsupported_grant_type', 'Invalid grant_type');
    const parts = partsOf(form.get('assertion') ?? '');
    const [email, keyId] = [parts?.claims['iss'], parts?.header['kid']].map((one) =>
      typeof one === 'string' ? one : '',
    ) as [string, string];
    const pem = this.accounts.get(email)?.certificates.get(keyId);
    if (parts === undefined || pem === undefined || !isSignedBy(parts, new X509Certificate(pem).publicKey)) {
      return refused(400, 'invalid_grant', 'Invalid JWT Signature.');
    }
    return this.#assertionProblem(parts.claims) ?? this.#granted(email);
  }

  #assertionProblem(claims: Claims): Answer | undefined {
    const now = this.#now() / 1000;
    const [iat, exp] = [Number(claims['iat']), Number(claims['exp'])];
    if (claims['aud'] !== `${this.http.url}/token`) return refused(400, 'invalid_grant', 'Invalid JWT: wrong audience');
    if (typeof claims['scope'] !== 'string')
      return refused(400, 'invalid_scope', 'Empty or missing scope not allowed.');
    const isShort = iat <= now + 60 && exp > now - 60 && exp - iat <= HOUR_S;
    return isShort
      ? undefined
      : refused(400, 'invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes)');
  }

  #exchanged(form: URLSearchParams): Answer {
    const isWhole = ['scope', 'requested_token_type', 'subject_token_type'].every((name) => form.get(name));
    if (form.get('grant_type') !== EXCHANGE || !isWhole) return refused(400, 'invalid_request', 'Missing parameter');
    const key = this.providers.get(form.get('audience') ?? '');
    const parts = partsOf(form.get('subject_token') ?? '');
    if (key === undefined)
      return refused(400, 'invalid_target', 'The target service indicated by the "audience" is invalid.');
    if (parts === undefined || !isSignedBy(parts, key))
      return refused(400, 'invalid_grant', "Error connecting to the given credential's issuer.");
    if (Number(parts.claims['exp']) * 1000 <= this.#now())
      return refused(400, 'invalid_grant', 'ID Token is stale to sign-in.');
    return this.#granted(`principal://${String(parts.claims['sub'])}`);
  }

  #signed(body: Readonly<Record<string, unknown>>): Answer {
    const claims = JSON.parse(String(body['payload'])) as Claims;
    const leftS = Number(claims['exp']) - this.#now() / 1000;
    if (!(leftS > 0 && leftS <= 12 * HOUR_S))
      return { status: 400, body: { error: { code: 400, message: 'exp is not within 12 hours' } } };
    const signedJwt = rs256(claims, createPrivateKey(this.#keys.system.key), { kid: SYSTEM_KEY });
    return { status: 200, body: { keyId: SYSTEM_KEY, signedJwt } };
  }

  #impersonated(email: string, body: Readonly<Record<string, unknown>>): Answer {
    const isWhole = Array.isArray(body['scope']) && /^\d+s$/.test(String(body['lifetime']));
    if (!isWhole) return { status: 400, body: { error: { code: 400, message: 'scope and lifetime are needed' } } };
    return { status: 200, body: { accessToken: this.issue(email), expireTime: '2026-01-01T01:00:00Z' } };
  }

  #granted(principal: string): Answer {
    return { status: 200, body: { access_token: this.issue(principal), expires_in: HOUR_S, token_type: 'Bearer' } };
  }

  #principal({ headers }: Asked): string | undefined {
    const found = this.#tokens.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
    return found !== undefined && found.untilMs > this.#now() ? found.principal : undefined;
  }

  #find(name: string): { readonly email: string; readonly account: Account } | undefined {
    for (const [email, account] of this.accounts) if (email === name || account.id === name) return { email, account };
    return undefined;
  }
}

const refused = (status: number, error: string, error_description: string): Answer => ({
  status,
  body: { error, error_description },
});

const missing = (): Answer => ({
  status: 404,
  body: { error: { code: 404, message: 'Not found', status: 'NOT_FOUND' } },
});

const unauthenticated = (): Answer => ({ status: 401, body: { error: { code: 401, status: 'UNAUTHENTICATED' } } });

// A missing account looks like a missing permission, because of the wildcard for the project.
const denied = (email: string): Answer => {
  const message = `Permission 'iam.serviceAccounts.signJwt' denied on resource (or it may not exist): ${email}`;
  return { status: 403, body: { error: { code: 403, message, status: 'PERMISSION_DENIED' } } };
};
