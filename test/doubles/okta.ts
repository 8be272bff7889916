// The part of Okta's API that a login needs, verifying like the real one: password, state tokens that live for one login, passcodes that are good once and
// by the clock, pushes that somebody answers, an API token for groups. Counts pushes. On loopback, port 0.
import { createHmac, randomUUID } from 'node:crypto';
import { HttpDouble, type Asked, type Reply, type Trouble } from './http-double.js';

/** How somebody answers a push, after so many looks. */
export interface PushAnswer {
  readonly result: 'SUCCESS' | 'REJECTED' | 'TIMEOUT';
  readonly afterLooks: number;
}

/** A user. */
export interface OktaPerson {
  password: string;
  /** Instead of SUCCESS or MFA_REQUIRED: LOCKED_OUT, PASSWORD_EXPIRED, PASSWORD_WARN, MFA_ENROLL. */
  state?: string;
  readonly groups: readonly string[];
  /** Has Okta Verify push. */
  readonly push?: boolean;
  /** Secrets of TOTP factors, raw bytes, by provider. */
  readonly totp?: Readonly<Record<string, Buffer>>;
}

interface Login {
  readonly name: string;
  looks: number;
  isPushed: boolean;
}

const API_TOKEN = '00-the-api-token';
const STEP_MS = 30_000;

/** A passcode by RFC 6238, written down a second time. */
export function codeAt(secret: Buffer, nowMs: number): string {
  const mac = createHmac('sha1', secret)
    .update(
      Buffer.from(
        Math.floor(nowMs / STEP_MS)
          .toString(16)
          .padStart(16, '0'),
        'hex',
      ),
    )
    .digest('hex');
  const at = 2 * Number.parseInt(mac.slice(-1), 16);
  const number = BigInt(`0x${mac.slice(at, at + 8)}`) & 0x7fffffffn;
  return number.toString().padStart(10, '0').slice(-6);
}

/** The service. */
export class OktaDouble {
  readonly people = new Map<string, OktaPerson>();
  readonly apiToken = API_TOKEN;
  pushAnswer: PushAnswer = { result: 'SUCCESS', afterLooks: 1 };
  /** Pushes that were sent to somebody's phone. */
  pushes = 0;
  /** Passwords that were tried. */
  passwords = 0;
  readonly #now: () => number;
  readonly #logins = new Map<string, Login>();
  readonly #spent = new Set<string>();
  readonly #http = new HttpDouble({ answer: (asked) => this.#answer(asked) });

  private constructor(now: () => number) {
    this.#now = now;
  }

  /** `now` is the wall clock that passcodes are judged by. */
  static async open(now: () => number): Promise<OktaDouble> {
    const double = new OktaDouble(now);
    await double.#http.open();
    return double;
  }

  get url(): string {
    return this.#http.url;
  }

  /** Requests so far. */
  get requests(): number {
    return this.#http.requests;
  }

  set trouble(trouble: Trouble | undefined) {
    this.#http.trouble = trouble;
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #answer(asked: Asked): Reply {
    const factor = /^\/api\/v1\/authn\/factors\/([^/]+)\/verify$/.exec(asked.path)?.[1];
    if (asked.method === 'POST' && asked.path === '/api/v1/authn') return this.#authn(asked);
    if (asked.method === 'POST' && factor !== undefined) return this.#verify(asked, decodeURIComponent(factor));
    const user = /^\/api\/v1\/users\/([^/]+)\/groups$/.exec(asked.path)?.[1];
    if (asked.method === 'GET' && user !== undefined) return this.#groups(asked, decodeURIComponent(user));
    return trouble(404, 'E0000007', 'Not found: Resource not found');
  }

  #authn({ body }: Asked): Reply {
    const { username = '', password } = JSON.parse(body) as { username?: string; password?: string };
    const person = this.people.get(username.toLowerCase());
    this.passwords += 1;
    if (person === undefined || person.password !== password) return trouble(401, 'E0000004', 'Authentication failed');
    const user = { id: idOf(username), profile: { login: username } };
    if (person.state !== undefined) return { status: 200, body: { status: person.state, _embedded: { user } } };
    const factors = factorsOf(person);
    if (factors.length === 0) return { status: 200, body: { status: 'SUCCESS', _embedded: { user } } };
    const stateToken = randomUUID();
    this.#logins.set(stateToken, { name: username.toLowerCase(), looks: 0, isPushed: false });
    return { status: 200, body: { status: 'MFA_REQUIRED', stateToken, _embedded: { user, factors } } };
  }

  #verify({ body }: Asked, factor: string): Reply {
    const { stateToken = '', passCode } = JSON.parse(body) as { stateToken?: string; passCode?: string };
    const login = this.#logins.get(stateToken);
    const person = login === undefined ? undefined : this.people.get(login.name);
    if (login === undefined || person === undefined) return trouble(401, 'E0000011', 'Invalid token provided');
    if (factor === 'push-okta') return this.#pushed(stateToken, login);
    const secret = person.totp?.[factor.replace(/^totp-/, '').toUpperCase()];
    if (secret === undefined) return trouble(404, 'E0000007', 'Not found: Resource not found');
    if (passCode === undefined || !this.#isGood(secret, passCode))
      return trouble(403, 'E0000068', 'Invalid Passcode/Answer');
    return this.#done(stateToken, login);
  }

  // One step of slack to either side; each passcode once.
  #isGood(secret: Buffer, code: string): boolean {
    const steps = [-1, 0, 1].map((slack) => codeAt(secret, this.#now() + slack * STEP_MS));
    const key = `${secret.toString('hex')} ${code}`;
    if (!steps.includes(code) || this.#spent.has(key)) return false;
    this.#spent.add(key);
    return true;
  }

  #pushed(stateToken: string, login: Login): Reply {
    if (!login.isPushed) {
      login.isPushed = true;
      this.pushes += 1;
    }
    login.looks += 1;
    const { result, afterLooks } = this.pushAnswer;
    if (login.looks <= afterLooks) return challenge(stateToken, 'WAITING');
    return result === 'SUCCESS' ? this.#done(stateToken, login) : challenge(stateToken, result);
  }

  #done(stateToken: string, { name }: Login): Reply {
    this.#logins.delete(stateToken);
    return { status: 200, body: { status: 'SUCCESS', _embedded: { user: { id: idOf(name) } } } };
  }

  #groups({ headers }: Asked, id: string): Reply {
    if (headers.authorization !== `SSWS ${API_TOKEN}`) return trouble(401, 'E0000011', 'Invalid token provided');
    const person = [...this.people.entries()].find(([name]) => idOf(name) === id)?.[1];
    if (person === undefined) return trouble(404, 'E0000007', 'Not found: Resource not found');
    return { status: 200, body: person.groups.map((name) => ({ id: `g-${name}`, profile: { name } })) };
  }
}

const idOf = (name: string): string => `id-${name.toLowerCase()}`;

const challenge = (stateToken: string, factorResult: string): Reply => ({
  status: 200,
  body: { status: 'MFA_CHALLENGE', factorResult, stateToken, _embedded: {} },
});

const trouble = (status: number, errorCode: string, errorSummary: string): Reply => ({
  status,
  body: { errorCode, errorSummary, errorLink: errorCode, errorId: 'oae', errorCauses: [] },
});

function factorsOf({ push = false, totp = {} }: OktaPerson): object[] {
  const codes = Object.keys(totp).map((provider) => ({
    id: `totp-${provider.toLowerCase()}`,
    factorType: 'token:software:totp',
    provider,
  }));
  return [...(push ? [{ id: 'push-okta', factorType: 'push', provider: 'OKTA' }] : []), ...codes];
}
