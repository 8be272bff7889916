// An OpenID provider with the client credentials grant (RFC 6749 4.4): discovery, token endpoint, key set. It verifies clients as real ones do: the way of
// authentication that a client is registered with and no other, assertions by signature, audience, times and one-time `jti` (RFC 7523).
import { constants, verify, type KeyObject } from 'node:crypto';
import { HttpDouble, type Asked, type DoubleOptions, type Reply } from './http-double.js';
import { Issuer } from './issuer.js';

/** A registered client. */
export interface OidcClient {
  readonly authentication: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  readonly secret?: string;
  /** Of `private_key_jwt`. */
  readonly publicKey?: KeyObject;
  readonly scopes?: readonly string[];
  readonly audiences?: readonly string[];
}

/** The double. */
export class OidcProvider {
  readonly issuer = new Issuer();
  readonly http: HttpDouble;
  readonly clients = new Map<string, OidcClient>();
  /** Refusals repeat what was sent, as careless services do. */
  echoes = false;
  /** The access token is a text without a meaning, as with many providers. */
  opaque = false;
  /** Changes to the discovery document. */
  discovery: object = {};
  /** Successful token requests. */
  granted = 0;
  readonly #jtis = new Set<string>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number, tls?: DoubleOptions['tls']) {
    this.#nowMs = nowMs;
    this.http = new HttpDouble({ answer: (asked) => this.#answer(asked), ...(tls && { tls }) });
  }

  get tokenUrl(): string {
    return `${this.http.url}/oauth2/token`;
  }

  get jwksUrl(): string {
    return `${this.http.url}/oauth2/keys`;
  }

  #answer(asked: Asked): Reply {
    const { url } = this.http;
    const about = { issuer: url, token_endpoint: this.tokenUrl, jwks_uri: this.jwksUrl, ...this.discovery };
    if (asked.path === '/.well-known/openid-configuration') return { status: 200, body: about };
    if (asked.path === '/oauth2/keys') return { status: 200, body: this.issuer.jwks() };
    if (asked.path !== '/oauth2/token') return { status: 404, body: 'not found' };
    if (asked.method !== 'POST') return { status: 405, body: 'method not allowed' };
    return this.#token(asked, new URLSearchParams(asked.body));
  }

  #token(asked: Asked, form: URLSearchParams): Reply {
    if (asked.headers['content-type'] !== 'application/x-www-form-urlencoded') return refused('invalid_request');
    if (form.get('grant_type') !== 'client_credentials') return refused('unsupported_grant_type');
    const name = clientName(asked, form);
    const client = this.clients.get(name);
    const why = client === undefined ? 'unknown client' : this.#problem(name, client, asked, form);
    if (client === undefined || why !== undefined) return this.#invalidClient(why ?? '', asked);
    const scopes = (form.get('scope') ?? '').split(' ').filter(Boolean);
    if (!scopes.every((scope) => (client.scopes ?? []).includes(scope))) return refused('invalid_scope');
    const audience = form.get('audience') ?? client.audiences?.[0] ?? name;
    if (!(client.audiences ?? [name]).includes(audience)) return refused('invalid_target');
    this.granted += 1;
    return this.#grant(name, scopes, audience);
  }

  #grant(name: string, scopes: readonly string[], audience: string): Reply {
    const seconds = Math.floor(this.#nowMs() / 1000);
    const common = { iss: this.http.url, sub: name, iat: seconds, exp: seconds + 300 };
    const access = this.opaque
      ? `opaque-${String(this.granted)}-access-token`
      : this.issuer.sign({ ...common, aud: audience, scope: scopes.join(' ') });
    const id = scopes.includes('openid') ? { id_token: this.issuer.sign({ ...common, aud: name }) } : {};
    return { status: 200, body: { access_token: access, token_type: 'Bearer', expires_in: 300, ...id } };
  }

  #problem(name: string, client: OidcClient, asked: Asked, form: URLSearchParams): string | undefined {
    if (client.authentication === 'private_key_jwt') return this.#assertionProblem(name, client, form);
    if (form.has('client_assertion')) return 'this client has a secret';
    const basic = basicOf(asked);
    if (client.authentication === 'client_secret_basic') {
      if (basic === undefined || form.has('client_secret')) return 'this client authenticates with a header';
      return basic[1] === client.secret ? undefined : 'wrong secret';
    }
    if (basic !== undefined) return 'this client authenticates in the body';
    return form.get('client_secret') === client.secret ? undefined : 'wrong secret';
  }

  #assertionProblem(name: string, client: OidcClient, form: URLSearchParams): string | undefined {
    if (form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      return 'no assertion';
    const [head = '', payload = '', signature = ''] = (form.get('client_assertion') ?? '').split('.');
    const { alg } = json(head) as { alg?: string };
    const claims = json(payload) as Record<string, unknown>;
    if (!isSigned(alg, Buffer.from(`${head}.${payload}`), Buffer.from(signature, 'base64url'), client.publicKey!))
      return 'bad signature';
    if (claims['iss'] !== name || claims['sub'] !== name) return 'iss and sub must be the client';
    if (![this.tokenUrl, this.http.url].includes(claims['aud'] as string)) return 'wrong audience';
    return this.#timeProblem(claims) ?? this.#replayProblem(claims['jti']);
  }

  #timeProblem(claims: Record<string, unknown>): string | undefined {
    const [now, exp, iat] = [this.#nowMs() / 1000, Number(claims['exp']), Number(claims['iat'])];
    if (!(exp > now)) return 'the assertion has expired; check your clock';
    if (!(exp <= now + 300)) return 'the assertion lives too long';
    return iat <= now + 60 ? undefined : 'the assertion is from the future; check your clock';
  }

  #replayProblem(jti: unknown): string | undefined {
    if (typeof jti !== 'string' || jti.length < 16) return 'no jti';
    if (this.#jtis.has(jti)) return 'the assertion was used before';
    this.#jtis.add(jti);
    return undefined;
  }

  #invalidClient(why: string, asked: Asked): Reply {
    const said = this.echoes ? `${why}: ${asked.headers.authorization ?? ''} ${asked.body}` : why;
    return { ...refused('invalid_client', said, 401), headers: { 'WWW-Authenticate': 'Basic' } };
  }
}

const refused = (error: string, description = error, status = 400): Reply => ({
  status,
  body: { error, error_description: description },
});

// The parts of a Basic header are form-encoded before they are joined (RFC 6749 2.3.1).
function basicOf({ headers }: Asked): [string, string] | undefined {
  const text = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (text === undefined) return undefined;
  const [name = '', secret = ''] = Buffer.from(text, 'base64').toString('utf8').split(':');
  const plain = (part: string): string => decodeURIComponent(part.replaceAll('+', ' '));
  return [plain(name), plain(secret)];
}

const clientName = (asked: Asked, form: URLSearchParams): string => basicOf(asked)?.[0] ?? form.get('client_id') ?? '';

function json(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return {};
  }
}

function isSigned(alg: string | undefined, text: Buffer, signature: Buffer, key: KeyObject): boolean {
  if (alg === 'RS256' && key.asymmetricKeyType === 'rsa') return verify('sha256', text, key, signature);
  if (alg === 'PS256' && key.asymmetricKeyType === 'rsa')
    return verify('sha256', text, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature);
  if (alg === 'ES256' && key.asymmetricKeyType === 'ec')
    return verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, signature);
  return false;
}
