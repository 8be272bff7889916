// Alibaba Cloud's Security Token Service on loopback. It recomputes signatures from the query as it arrived, by a path of its own, refuses old times and
// used nonces, and knows who may assume what. Errors look like the real ones, quoting of the text to sign included.
import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../core/sdk/index.js';
import { Loopback, type Answer, type Asked, type Trouble } from './azure-http.js';

/** Somebody who may sign. */
export interface AliCloudCaller {
  readonly secret: string;
  readonly token?: string;
  readonly arn: string;
  /** Wall clock, ms. */
  readonly expiresAt?: number;
}

/** An OIDC provider that tokens are accepted of. */
export interface OidcTrust {
  readonly provider: string;
  readonly token: string;
  readonly role: string;
}

const SKEW_MS = 15 * 60_000;

/** One running service. */
export class AliCloudSts {
  readonly callers = new Map<string, AliCloudCaller>();
  /** Roles that access keys may assume. */
  readonly roles = new Set<string>();
  trust: OidcTrust | undefined;
  /** How far its clock is ahead. */
  skewMs = 0;
  /** How long sessions live. */
  sessionMs = 3_600_000;
  readonly #clock: Clock;
  readonly #nonces = new Set<string>();
  readonly #loopback = new Loopback((asked) => this.#answer(asked));

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get url(): string {
    return this.#loopback.url;
  }

  /** Actions that were asked for, in order. */
  get actions(): string[] {
    return this.#loopback.asked.map(({ url }) => url.searchParams.get('Action') ?? '');
  }

  /** The last request. */
  get last(): Asked | undefined {
    return this.#loopback.asked.at(-1);
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

  /** Lets a session of a role sign. */
  session(
    role: string,
    expiresAt = this.#clock.now() + this.sessionMs,
  ): { id: string; secret: string; token: string; expiresAt: number } {
    const part = (): string => randomBytes(12).toString('base64').replaceAll('=', '+');
    const issued = {
      id: `STS.${randomBytes(8).toString('hex')}`,
      secret: part(),
      token: `CAIS${part()}/${part()}==`,
      expiresAt,
    };
    const arn = `${role.replace(':role/', ':assumed-role/')}/session`;
    this.callers.set(issued.id, { secret: issued.secret, token: issued.token, arn, expiresAt });
    return issued;
  }

  #answer(asked: Asked): Answer {
    const query = asked.url.searchParams;
    const action = query.get('Action');
    if (query.get('Version') !== '2015-04-01' || query.get('Format') !== 'JSON') return refused(400, 'InvalidVersion');
    if (!this.#isNow(query.get('Timestamp') ?? ''))
      return refused(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
    if (action === 'AssumeRoleWithOIDC') return this.#withOidc(new URLSearchParams(asked.body));
    const wrong = this.#wrong(asked);
    if (wrong !== undefined) return wrong;
    if (action === 'GetCallerIdentity') return identity(this.callers.get(query.get('AccessKeyId') ?? '')?.arn ?? '');
    return action === 'AssumeRole' ? this.#assumed(query) : refused(404, 'InvalidAction.NotFound');
  }

  #isNow(timestamp: string): boolean {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(timestamp)) return false;
    return Math.abs(Date.parse(timestamp) - this.#clock.now() - this.skewMs) <= SKEW_MS;
  }

  #wrong({ method, url }: Asked): Answer | undefined {
    const query = url.searchParams;
    const caller = this.callers.get(query.get('AccessKeyId') ?? '');
    if (caller === undefined) return refused(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
    if ((query.get('SecurityToken') ?? '') !== (caller.token ?? ''))
      return refused(400, 'InvalidSecurityToken.Malformed');
    if (caller.expiresAt !== undefined && caller.expiresAt <= this.#clock.now())
      return refused(400, 'InvalidSecurityToken.Expired');
    const text = textToSign(method, url.search);
    const right = createHmac('sha1', Buffer.from(`${caller.secret}&`))
      .update(text)
      .digest()
      .toString('base64');
    const quoted = `Specified signature is not matched with our calculation. server string to sign is:${text}`;
    if (query.get('Signature') !== right) return refused(400, 'SignatureDoesNotMatch', quoted);
    const nonce = query.get('SignatureNonce') ?? '';
    if (nonce === '' || this.#nonces.has(nonce))
      return refused(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.');
    this.#nonces.add(nonce);
    return undefined;
  }

  #assumed(query: URLSearchParams): Answer {
    const role = query.get('RoleArn') ?? '';
    if (!this.roles.has(role) || (query.get('RoleSessionName') ?? '') === '')
      return refused(403, 'NoPermission', 'You are not authorized to do this action.');
    return this.#issued(role);
  }

  #withOidc(form: URLSearchParams): Answer {
    const { trust } = this;
    if (trust === undefined || form.get('OIDCProviderArn') !== trust.provider || form.get('RoleArn') !== trust.role)
      return refused(404, 'EntityNotExist.OIDCProvider', 'The OIDC provider does not exist.');
    const given = form.get('OIDCToken') ?? '';
    if (given !== trust.token)
      return refused(400, 'AuthenticationFail.OIDCToken.Invalid', `The token ${given} is invalid.`);
    return this.#issued(trust.role);
  }

  #issued(role: string): Answer {
    const { id, secret, token, expiresAt } = this.session(role);
    const Expiration = new Date(expiresAt).toISOString().replace(/\.\d+/, '');
    const Credentials = { AccessKeyId: id, AccessKeySecret: secret, SecurityToken: token, Expiration };
    return { status: 200, body: { RequestId: 'r-1', Credentials } };
  }
}

// From the raw pairs: they are encoded already, so that only their order and the second encoding are left to do.
function textToSign(method: string, search: string): string {
  const pairs = search
    .slice(1)
    .split('&')
    .filter((pair) => !pair.startsWith('Signature='))
    .sort((one, other) => (one.split('=')[0]! < other.split('=')[0]! ? -1 : 1));
  const again = [...Buffer.from(pairs.join('&'))]
    .map((byte) =>
      /[\w.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase()}`,
    )
    .join('');
  return `${method}&%2F&${again}`;
}

function refused(status: number, Code: string, Message = Code): Answer {
  return { status, body: { RequestId: 'r-0', HostId: 'sts.aliyuncs.com', Code, Message } };
}

function identity(Arn: string): Answer {
  const isSession = Arn.includes(':assumed-role/');
  const [, account = '', name = ''] = /::(\d+):(?:assumed-role|user)\/([^/]+)/.exec(Arn) ?? [];
  return {
    status: 200,
    body: {
      IdentityType: isSession ? 'AssumedRoleUser' : 'RAMUser',
      AccountId: account,
      UserId: isSession ? '' : 'u-1',
      RoleId: isSession ? 'role-1' : '',
      PrincipalId: isSession ? `${name}:session` : 'u-1',
      Arn,
      RequestId: 'r-2',
    },
  };
}
