// Oracle Cloud's auth and identity services on loopback. They verify signatures by rebuilding the signed lines from what arrived, check certificates,
// body hashes and dates, and give instances tokens that end soon.
import {
  X509Certificate,
  createHash,
  createPublicKey,
  createVerify,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import type { Clock } from '../../core/sdk/index.js';
import { Loopback, type Answer, type Asked, type Trouble } from './azure-http.js';

/** Somebody who may sign. */
export interface OciCaller {
  /** PEM of the public key. */
  readonly publicKey: string;
  readonly tenancy: string;
  readonly subject: string;
  readonly type: 'user' | 'instance';
  readonly groups: readonly string[];
  /** Wall clock, ms. */
  readonly expiresAt?: number;
}

/** What a certificate of an instance must lead to, and what its principal is. */
export interface InstanceTrust {
  readonly root: string;
  readonly groups: readonly string[];
}

const SKEW_MS = 5 * 60_000;
const issuer = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The running services. */
export class OciIdentity {
  readonly callers = new Map<string, OciCaller>();
  trust: InstanceTrust | undefined;
  /** How far its clock is ahead. */
  skewMs = 0;
  /** How long tokens of instances live. */
  tokenMs = 20 * 60_000;
  readonly #clock: Clock;
  readonly #loopback = new Loopback((asked) => this.#answer(asked));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get url(): string {
    return this.#loopback.url;
  }

  get asked(): readonly Asked[] {
    return this.#loopback.asked;
  }

  count(path: string): number {
    return this.#loopback.count(path);
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

  #answer(asked: Asked): Answer {
    if (asked.method !== 'POST') return refused(405, 'MethodNotAllowed');
    const body = JSON.parse(asked.body) as Record<string, unknown>;
    switch (asked.url.pathname) {
      case '/v1/x509':
        return this.#federate(asked, body);
      case '/v1/authentication/authenticateClient':
        return this.#authenticate(body['requestHeaders'] as Record<string, string[]>);
      case '/v1/filterGroupMembership':
        return this.#filter(body);
      default:
        return refused(404, 'NotFound');
    }
  }

  #authenticate(headers: Record<string, string[]>): Answer {
    const lower = new Map(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values[0] ?? '']));
    const fields = fieldsOf(lower.get('authorization') ?? '');
    const caller = this.callers.get(fields['keyId'] ?? '');
    const wanted = ['date', '(request-target)', 'host'];
    if (caller === undefined)
      return refused(
        401,
        'NotAuthenticated',
        'The required information to complete authentication was not provided or was incorrect.',
      );
    if (caller.expiresAt !== undefined && caller.expiresAt <= this.#now())
      return refused(401, 'NotAuthenticated', 'The token has expired.');
    if (!wanted.every((name) => fields['headers']?.split(' ').includes(name)))
      return refused(401, 'NotAuthenticated', 'Required headers are not signed.');
    if (!holds(fields, lower, caller.publicKey))
      return refused(401, 'NotAuthenticated', 'Failed to verify the HTTP(S) Signature');
    if (!this.#isNow(lower.get('date') ?? ''))
      return refused(401, 'NotAuthenticated', 'Date is not within allowed clock skew.');
    const claims = [{ key: 'ptype', value: caller.type, issuer: 'authService.oracle.com' }];
    return {
      status: 200,
      body: { isSuccess: true, principal: { tenantId: caller.tenancy, subjectId: caller.subject, claims } },
    };
  }

  #filter(body: Record<string, unknown>): Answer {
    const { subjectId } = body['principal'] as { subjectId: string };
    const caller = [...this.callers.values()].find(({ subject }) => subject === subjectId);
    const ids = body['groupIds'] as string[];
    return { status: 200, body: { principalId: subjectId, groupIds: ids.filter((id) => caller?.groups.includes(id)) } };
  }

  #federate(asked: Asked, body: Record<string, unknown>): Answer {
    const why = this.#wrong(asked, body);
    if (why !== undefined) return refused(401, 'NotAuthenticated', why);
    const leaf = certificateOf(String(body['certificate']));
    const tenancy = /opc-tenant:(.+)/.exec(leaf.subject)?.[1] ?? '';
    const expiresAt = this.#now() + this.tokenMs;
    const token = jwt({ sub: leaf.subject, exp: Math.floor(expiresAt / 1000), jti: randomBytes(8).toString('hex') });
    const publicKey = createPublicKey({
      key: Buffer.from(String(body['publicKey']), 'base64'),
      format: 'der',
      type: 'spki',
    });
    this.callers.set(`ST$${token}`, {
      publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      tenancy,
      subject: `instance of ${tenancy}`,
      type: 'instance',
      groups: this.trust?.groups ?? [],
      expiresAt,
    });
    return { status: 200, body: { token } };
  }

  #wrong({ headers, body }: Asked, parsed: Record<string, unknown>): string | undefined {
    const leaf = certificateOf(String(parsed['certificate']));
    const [first = ''] = parsed['intermediateCertificates'] as string[];
    const intermediate = certificateOf(first);
    const root = this.trust === undefined ? undefined : new X509Certificate(this.trust.root);
    if (root === undefined || !intermediate.verify(root.publicKey) || !leaf.verify(intermediate.publicKey))
      return 'The certificate is not trusted.';
    const lower = new Map(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    lower.set('(request-target)', 'post /v1/x509');
    const fields = fieldsOf(lower.get('authorization') ?? '');
    const fingerprint = leaf.fingerprint256.toLowerCase();
    const tenancy = /opc-tenant:(.+)/.exec(leaf.subject)?.[1] ?? '';
    if (fields['keyId'] !== `${tenancy}/fed-x509-sha256/${fingerprint}`)
      return 'The key id does not fit the certificate.';
    if (lower.get('x-content-sha256') !== createHash('sha256').update(body).digest('base64'))
      return 'The body does not have this hash.';
    if (fields['headers'] !== 'date (request-target) content-length content-type x-content-sha256')
      return 'Required headers are not signed.';
    const pem = leaf.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    if (!holds(fields, lower, pem)) return 'Failed to verify the HTTP(S) Signature';
    return this.#isNow(lower.get('date') ?? '') ? undefined : 'Date is not within allowed clock skew.';
  }

  #now(): number {
    return this.#clock.now() + this.skewMs;
  }

  #isNow(date: string): boolean {
    return (
      /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(date) && Math.abs(Date.parse(date) - this.#now()) <= SKEW_MS
    );
  }
}

function holds(fields: Record<string, string>, headers: ReadonlyMap<string, string>, publicKey: string): boolean {
  const lines = (fields['headers'] ?? '').split(' ').map((name) => `${name}: ${headers.get(name) ?? ''}`);
  if (fields['version'] !== '1' || fields['algorithm'] !== 'rsa-sha256') return false;
  return createVerify('RSA-SHA256')
    .update(lines.join('\n'))
    .verify(publicKey, fields['signature'] ?? '', 'base64');
}

function fieldsOf(authorization: string): Record<string, string> {
  if (!authorization.startsWith('Signature ')) return {};
  return Object.fromEntries(
    [...authorization.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

const certificateOf = (base64: string): X509Certificate => new X509Certificate(Buffer.from(base64, 'base64'));

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256' })}.${part(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), issuer.privateKey).toString('base64url')}`;
}

function refused(status: number, code: string, message = code): Answer {
  return { status, body: { code, message } };
}
