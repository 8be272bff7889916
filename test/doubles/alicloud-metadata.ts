// The metadata service of an Alibaba Cloud instance on loopback: session tokens as version 2 wants them, roles and their credentials.
import { randomBytes } from 'node:crypto';
import { Loopback, type Answer, type Asked, type Trouble } from './azure-http.js';

/** Credentials that the service shows. */
export interface ShownCredentials {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly expiresAt: number;
}

const ROLES = '/latest/meta-data/ram/security-credentials/';

/** One running service. */
export class AliCloudMetadata {
  /** `token`: as configured to require version 2; `both`: tokens and plain requests; `old`: knows no tokens. */
  mode: 'token' | 'both' | 'old' = 'token';
  role: string | undefined = 'app-role';
  code = 'Success';
  credentials: ShownCredentials;
  readonly #tokens = new Set<string>();
  readonly #loopback = new Loopback((asked) => this.#answer(asked));

  constructor(credentials: ShownCredentials) {
    this.credentials = credentials;
  }

  get url(): string {
    return this.#loopback.url;
  }

  get asked(): readonly Asked[] {
    return this.#loopback.asked;
  }

  open(): Promise<void> {
    return this.#loopback.open();
  }

  close(): Promise<void> {
    return this.#loopback.close();
  }

  trouble(...troubles: Trouble[]): void {
    this.#loopback.trouble(...troubles);
  }

  #answer({ method, url, headers }: Asked): Answer {
    if (headers['x-forwarded-for'] !== undefined) return { status: 403, body: 'forbidden' };
    if (url.pathname === '/latest/api/token')
      return this.#token(method, headers['x-aliyun-ecs-metadata-token-ttl-seconds']);
    const token = headers['x-aliyun-ecs-metadata-token'];
    const isLetIn = token === undefined ? this.mode !== 'token' : this.#tokens.has(String(token));
    if (!isLetIn) return { status: 403, body: 'Forbidden' };
    return this.#roles(url.pathname);
  }

  #token(method: string, ttl: unknown): Answer {
    if (this.mode === 'old') return { status: 404, body: 'not found' };
    if (method !== 'PUT') return { status: 405, body: 'method not allowed' };
    if (!/^\d+$/.test(String(ttl)) || Number(ttl) > 21_600) return { status: 400, body: 'bad ttl' };
    const token = randomBytes(24).toString('base64');
    this.#tokens.add(token);
    return { status: 200, body: token };
  }

  #roles(path: string): Answer {
    if (this.role === undefined || !path.startsWith(ROLES)) return { status: 404, body: 'not found' };
    if (path === ROLES) return { status: 200, body: this.role };
    if (path !== `${ROLES}${this.role}`) return { status: 404, body: 'not found' };
    const { id, secret, token, expiresAt } = this.credentials;
    const shown = { AccessKeyId: id, AccessKeySecret: secret, SecurityToken: token };
    const Expiration = new Date(expiresAt).toISOString().replace(/\.\d+/, '');
    return { status: 200, body: { Code: this.code, ...shown, Expiration, LastUpdated: Expiration } };
  }
}
