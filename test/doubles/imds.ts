// A stand-in for the EC2 instance metadata service: session tokens as in version 2, credentials of the instance's role, the signed identity document. It
// also answers DescribeInstances, as EC2 would of this instance. It refuses what the real one refuses.
import { randomUUID, sign } from 'node:crypto';
import { makeCertificate, type TestCertificate } from '../../core/sdk/testing/certificates.js';
import { signedData } from './aws-pkcs7.js';
import { HttpDouble, type Asked, type Reply } from './http-double.js';
import type { Issued } from './sts.js';

/** How the token request fares: `200`, a status that means "no version 2 here", or never an answer. */
export type TokenMode = 200 | 400 | 403 | 404 | 405 | 'silent';

/** One request. */
export interface ImdsRecord {
  readonly method: string;
  readonly path: string;
  readonly withToken: boolean;
  readonly status: number;
}

const CREDENTIALS = '/latest/meta-data/iam/security-credentials/';
const IDENTITY = '/latest/dynamic/instance-identity/';

/** The double. */
export class ImdsDouble {
  readonly calls: ImdsRecord[] = [];
  readonly http = new HttpDouble({ answer: (asked) => this.#answer(asked) });
  readonly instanceId = `i-${randomUUID().replaceAll('-', '').slice(0, 17)}`;
  /** Signs the identity document; the public half is what AWS publishes. */
  readonly certificate: TestCertificate = makeCertificate({ name: 'ec2.amazonaws.com' });
  tokenMode: TokenMode = 200;
  /** False: also answers without a session token (version 1). */
  needsToken = true;
  /** Names in the list of roles. */
  roles: string[] = ['app'];
  /** What the role has now; undefined: nothing. */
  credentials: Issued | undefined;
  /** `Code` of the credentials document. */
  code = 'Success';
  /** State that EC2 tells of the instance. */
  state = 'running';
  pendingTime = '2026-01-01T00:00:00Z';
  region = 'eu-west-1';
  /** Answers instead of the real ones, by path. */
  readonly instead = new Map<string, Reply>();
  readonly #now: () => number;
  readonly #tokens = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  open(): Promise<void> {
    return this.http.open();
  }

  close(): Promise<void> {
    return this.http.close();
  }

  get url(): string {
    return this.http.url;
  }

  /** Forgets all session tokens, as after a restart. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  /** The identity document as it is served. */
  get document(): string {
    const { instanceId, region, pendingTime } = this;
    const members = {
      accountId: '123456789012',
      architecture: 'x86_64',
      imageId: 'ami-1',
      instanceId,
      pendingTime,
      region,
    };
    return JSON.stringify(members, null, 2);
  }

  async #answer(asked: Asked): Promise<Reply> {
    const reply = asked.method === 'POST' ? this.#describe(asked) : await this.#metadata(asked);
    const withToken = asked.headers['x-aws-ec2-metadata-token'] !== undefined;
    this.calls.push({ method: asked.method, path: asked.path, withToken, status: reply.status });
    return reply;
  }

  async #metadata(asked: Asked): Promise<Reply> {
    if (asked.path === '/latest/api/token' && asked.method === 'PUT') return this.#token(asked);
    if (asked.method !== 'GET') return { status: 405 };
    const token = asked.headers['x-aws-ec2-metadata-token'];
    const isKnown = typeof token === 'string' && (this.#tokens.get(token) ?? 0) > this.#now();
    if (!isKnown && (this.needsToken || token !== undefined))
      return { status: 401, body: '<html>401 - Unauthorized</html>' };
    return this.instead.get(asked.path) ?? this.#document(asked.path);
  }

  #token({ headers }: Asked): Reply | Promise<Reply> {
    if (this.tokenMode === 'silent') return new Promise<Reply>(() => undefined);
    // a request that came through a proxy gets none
    if (headers['x-forwarded-for'] !== undefined) return { status: 403 };
    const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
    if (!(seconds >= 1 && seconds <= 21_600)) return { status: 400, body: 'Bad Request' };
    if (this.tokenMode !== 200) return { status: this.tokenMode, body: `answer ${String(this.tokenMode)}` };
    const token = `AQAE${randomUUID()}==`;
    this.#tokens.set(token, this.#now() + seconds * 1000);
    return { status: 200, body: token, headers: { 'X-aws-ec2-metadata-token-ttl-seconds': String(seconds) } };
  }

  #document(path: string): Reply {
    if (path === CREDENTIALS)
      return this.roles.length === 0
        ? { status: 404, body: 'not found' }
        : { status: 200, body: this.roles.join('\n') };
    if (path === `${CREDENTIALS}${this.roles[0] ?? ''}` && this.credentials !== undefined)
      return { status: 200, body: this.#secrets(this.credentials) };
    const { document } = this;
    const proof = sign('sha256', Buffer.from(document), this.certificate.key);
    if (path === `${IDENTITY}document`) return { status: 200, body: document };
    if (path === `${IDENTITY}signature`) return { status: 200, body: folded(proof) };
    if (path === `${IDENTITY}pkcs7`)
      return { status: 200, body: folded(signedData(Buffer.from(document), this.certificate)) };
    return { status: 404, body: 'not found' };
  }

  #secrets({ keyId, secret, token = '', expiresAtMs }: Issued): string {
    const Expiration = new Date(expiresAtMs ?? this.#now() + 3_600_000).toISOString();
    const known = {
      Code: this.code,
      LastUpdated: new Date(this.#now()).toISOString(),
      Type: 'AWS-HMAC',
      Message: 'planted message beside the code',
    };
    return JSON.stringify({ ...known, AccessKeyId: keyId, SecretAccessKey: secret, Token: token, Expiration });
  }

  #describe({ body }: Asked): Reply {
    const form = new URLSearchParams(body);
    if (form.get('Action') !== 'DescribeInstances') return { status: 400, body: '<Response/>' };
    if (form.get('InstanceId.1') !== this.instanceId)
      return { status: 400, body: '<Response><Code>InvalidInstanceID.NotFound</Code></Response>' };
    const item = `<item><instanceId>${this.instanceId}</instanceId><instanceState><code>16</code><name>${this.state}</name></instanceState></item>`;
    return {
      status: 200,
      body: `<DescribeInstancesResponse>${item}</DescribeInstancesResponse>`,
      headers: { 'Content-Type': 'text/xml' },
    };
  }
}

// Lines of 76, as the real service breaks them.
const folded = (bytes: Buffer): string => bytes.toString('base64').replace(/(.{76})(?=.)/g, '$1\n');
