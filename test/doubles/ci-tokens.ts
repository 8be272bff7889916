// A CI system that gives its jobs id tokens, as GitHub Actions does: GET with the job's bearer token, an audience in the query, an answer with `value`.
// Refuses what the real one refuses: no or another bearer, a job without the permission, an expired job.
import { bearerOf, HttpDouble, type Asked, type Reply } from './http-double.js';
import { Issuer } from './issuer.js';

/** The double. Its address for a job is `requestUrl`, its key set is at `jwksUrl`. */
export class CiTokens {
  readonly issuer = new Issuer();
  readonly http = new HttpDouble({ answer: (asked) => this.#answer(asked) });
  /** Bearer token of the running job; another one is refused with 401. */
  bearer = `job-${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
  /** False: the job has no `id-token: write`. */
  mayAsk = true;
  /** Claims of the tokens besides the registered ones. */
  claims: object = { repository: 'acme/shop', ref: 'refs/heads/main' };
  subject = 'repo:acme/shop:ref:refs/heads/main';
  /** What the answer is: GitHub's object, the bare token, or something without a token. */
  shape: 'value' | 'text' | 'other' = 'value';
  /** Refusals repeat what was sent, as careless services do. */
  echoes = false;
  /** Tokens given out. */
  readonly given: string[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** As in `ACTIONS_ID_TOKEN_REQUEST_URL`: it has a query already. */
  get requestUrl(): string {
    return `${this.http.url}/idtoken/job-1?api-version=2.0`;
  }

  get jwksUrl(): string {
    return `${this.http.url}/.well-known/jwks`;
  }

  #answer(asked: Asked): Reply {
    if (asked.path === '/.well-known/jwks') return { status: 200, body: this.issuer.jwks() };
    if (asked.path !== '/idtoken/job-1' || asked.method !== 'GET')
      return { status: 404, body: { message: 'Not Found' } };
    if (bearerOf(asked) !== this.bearer) return this.#refused(401, asked);
    if (!this.mayAsk) return this.#refused(403, asked);
    if (asked.query.get('api-version') !== '2.0') return { status: 400, body: { message: 'no api-version' } };
    const token = this.#token(asked.query.get('audience') ?? 'https://github.com/acme');
    this.given.push(token);
    if (this.shape === 'text') return { status: 200, body: `${token}\n` };
    return { status: 200, body: this.shape === 'value' ? { count: token.length, value: token } : { count: 0 } };
  }

  #refused(status: number, asked: Asked): Reply {
    const said = this.echoes ? ` (${asked.headers.authorization ?? 'none'})` : '';
    return { status, body: { message: `the job may not have a token${said}` } };
  }

  #token(audience: string): string {
    const seconds = Math.floor(this.#nowMs() / 1000);
    const times = { iat: seconds, nbf: seconds - 5, exp: seconds + 300 };
    return this.issuer.sign({ iss: this.http.url, sub: this.subject, aud: audience, ...times, ...this.claims });
  }
}
