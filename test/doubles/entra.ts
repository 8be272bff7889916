// Double of Microsoft Entra ID: discovery, keys and a token endpoint that verifies secrets and assertions as the real one does: thumbprint, signature,
// audience, times, and each assertion id once. (Spec auth-wire 5.3, 11.4.)
import { X509Certificate, type KeyObject } from 'node:crypto';
import { Loopback, type Answer, type Asked } from './azure-http.js';
import { isSignedBy, issuerKeys, partsOf, rs256, thumbprint, type Claims, type Parts } from './entra-tokens.js';

/** An application and what it may prove itself with. */
export interface Application {
  readonly objectId: string;
  secret?: string;
  certificate?: string;
  /** Key of the issuer whose tokens it trusts, and the subject it trusts. */
  trusted?: { readonly key: KeyObject; readonly subject: string };
}

const EXCHANGE = 'api://AzureADTokenExchange';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const SKEW_S = 300;

// Making a key takes longer than a test; all doubles of a process sign with one.
let keysOfAll: ReturnType<typeof issuerKeys> | undefined;

/** The double. */
export class EntraDouble {
  readonly tenant = '11111111-2222-3333-4444-555555555555';
  readonly applications = new Map<string, Application>();
  readonly http = new Loopback((asked) => this.#answer(asked));
  readonly #keys = (keysOfAll ??= issuerKeys());
  readonly #seen = new Set<string>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get issuer(): string {
    return `${this.http.url}/${this.tenant}/v2.0`;
  }

  /** An access token as Entra issues it, for an audience. */
  issue(audience: string, claims: Claims): string {
    const now = Math.floor(this.#now() / 1000);
    const usual = { aud: audience, iss: this.issuer, iat: now, nbf: now, exp: now + 3600, tid: this.tenant };
    return rs256({ sub: claims['oid'], ...usual, ...claims }, this.#keys.privateKey, { kid: 'entra-1' });
  }

  /** Whether this double issued the token for the audience and it is still valid. */
  holds(token: string, audience: string): boolean {
    const parts = partsOf(token);
    if (parts === undefined || !isSignedBy(parts, this.#keys.publicKey)) return false;
    return parts.claims['aud'] === audience && Number(parts.claims['exp']) * 1000 > this.#now();
  }

  #answer({ method, url, headers, body }: Asked): Answer {
    if (url.pathname === `/${this.tenant}/.well-known/openid-configuration`) {
      return { status: 200, body: { issuer: this.issuer, jwks_uri: `${this.http.url}/keys` } };
    }
    if (url.pathname === '/keys') {
      const jwk = this.#keys.publicKey.export({ format: 'jwk' });
      return { status: 200, body: { keys: [{ ...jwk, kid: 'entra-1', use: 'sig' }] } };
    }
    if (url.pathname !== `/${this.tenant}/oauth2/v2.0/token`) return refused(400, 'AADSTS90002', 'Tenant not found');
    if (method !== 'POST') return refused(405, 'AADSTS900561', 'The endpoint only accepts POST requests');
    const isForm = headers['content-type'] === 'application/x-www-form-urlencoded';
    return isForm ? this.#token(new URLSearchParams(body)) : refused(400, 'AADSTS900144', 'The body is no form');
  }

  #token(form: URLSearchParams): Answer {
    if (form.get('grant_type') !== 'client_credentials') return refused(400, 'AADSTS70003', 'Unsupported grant type');
    const id = form.get('client_id') ?? '';
    const application = this.applications.get(id);
    if (application === undefined)
      return refused(400, 'AADSTS700016', `Application with identifier '${id}' was not found`);
    const scope = form.get('scope') ?? '';
    if (!scope.endsWith('/.default')) return refused(400, 'AADSTS1002012', `The scope ${scope} is not valid`);
    const problem = form.has('client_assertion')
      ? this.#assertionProblem(form, id, application)
      : secretProblem(form, application);
    if (problem !== undefined) return problem;
    const token = this.issue(scope.replace(/\/\.default$/, ''), { oid: application.objectId, appid: id });
    return { status: 200, body: { access_token: token, expires_in: 3599, token_type: 'Bearer' } };
  }

  #assertionProblem(form: URLSearchParams, id: string, application: Application): Answer | undefined {
    if (form.get('client_assertion_type') !== ASSERTION) return refused(401, 'AADSTS7000218', 'Wrong assertion type');
    const parts = partsOf(form.get('client_assertion') ?? '');
    if (parts === undefined) return refused(401, 'AADSTS50027', 'JWT token is invalid or malformed');
    const { header, claims } = parts;
    if (header['x5t#S256'] === undefined && header['x5t'] === undefined) return this.#trustProblem(parts, application);
    const certificate =
      application.certificate === undefined ? undefined : new X509Certificate(application.certificate);
    if (certificate === undefined || header['x5t#S256'] !== thumbprint(certificate)) {
      return refused(401, 'AADSTS700027', 'The certificate with this identifier is not registered');
    }
    if (!isSignedBy(parts, certificate.publicKey))
      return refused(401, 'AADSTS700027', 'Client assertion failed signature validation');
    if (claims['iss'] !== id || claims['sub'] !== id)
      return refused(401, 'AADSTS700021', 'Client assertion application identifier does not match');
    if (claims['aud'] !== `${this.http.url}/${this.tenant}/oauth2/v2.0/token`) {
      return refused(401, 'AADSTS700023', 'Client assertion audience claim does not match');
    }
    return this.#timeProblem(claims) ?? this.#spent(claims);
  }

  #timeProblem(claims: Claims): Answer | undefined {
    const now = this.#now() / 1000;
    const [from, to] = [Number(claims['nbf'] ?? 0), Number(claims['exp'] ?? 0)];
    const isNow = from <= now + SKEW_S && to > now - SKEW_S;
    return isNow ? undefined : refused(401, 'AADSTS700024', 'Client assertion is not within its valid time range');
  }

  #spent(claims: Claims): Answer | undefined {
    const id = typeof claims['jti'] === 'string' ? claims['jti'] : '';
    if (id === '' || this.#seen.has(id)) return refused(401, 'AADSTS500133', 'Assertion was used before');
    this.#seen.add(id);
    return undefined;
  }

  #trustProblem(parts: Parts, { trusted }: Application): Answer | undefined {
    if (trusted === undefined || !isSignedBy(parts, trusted.key) || parts.claims['sub'] !== trusted.subject) {
      return refused(401, 'AADSTS700211', 'No matching federated identity record found');
    }
    const { aud } = parts.claims;
    const isMeant = Array.isArray(aud) ? aud.includes(EXCHANGE) : aud === EXCHANGE;
    if (!isMeant) return refused(401, 'AADSTS700212', 'No matching federated identity record found for the audience');
    return this.#timeProblem({ nbf: 0, ...parts.claims });
  }
}

function secretProblem(form: URLSearchParams, application: Application): Answer | undefined {
  const isRight = application.secret !== undefined && form.get('client_secret') === application.secret;
  return isRight ? undefined : refused(401, 'AADSTS7000215', 'Invalid client secret provided');
}

function refused(status: number, code: string, text: string): Answer {
  const error = status === 401 ? 'invalid_client' : 'invalid_request';
  const error_codes = [Number(code.slice(6))];
  return {
    status,
    body: { error, error_description: `${code}: ${text}.`, error_codes, trace_id: 't', correlation_id: 'c' },
  };
}
