// A stand-in for AWS STS that verifies: signatures and their time, identity tokens, expiry. It gives out the keys that it knows. Knows nothing of Vault.
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { judge, type Key, type Refusal } from './aws-sigv4.js';
import { HttpDouble, type Asked, type Reply } from './http-double.js';

/** Credentials that this STS knows. */
export interface Issued extends Key {
  readonly keyId: string;
  /** Whose they are. */
  readonly arn: string;
}

/** How it runs. */
export interface StsOptions {
  /** Wall clock, ms. */
  readonly now: () => number;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** PEM of the key that identity tokens must be signed with, for each role that may be assumed with one. */
  readonly identityKey?: string;
}

/** One call as it ended. */
export interface StsRecord {
  readonly action: string;
  readonly status: number;
  readonly code: string;
  readonly keyId: string;
}

const ACCOUNT = '123456789012';
const LIFE_MS = 3_600_000;
const AUDIENCE = 'sts.amazonaws.com';

/** The double. `open` first, `close` last. */
export class StsDouble {
  /** What was asked, in order. */
  readonly calls: StsRecord[] = [];
  readonly http = new HttpDouble({ answer: (asked) => this.#answer(asked) });
  /** Refusals to give before anything is looked at, one for each call. */
  readonly refusals: Refusal[] = [];
  readonly #options: StsOptions;
  readonly #keys = new Map<string, Issued>();

  constructor(options: StsOptions) {
    this.#options = options;
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

  /** A lasting key of a user. */
  user(name: string): Issued {
    return this.#add({
      keyId: `AKIA${chance(8)}`,
      secret: `${chance(14)}/+${chance(5)}`,
      arn: `arn:aws:iam::${ACCOUNT}:user/${name}`,
    });
  }

  /** Temporary credentials of a session of a role. */
  session(role: string, lifeMs = LIFE_MS): Issued {
    return this.#add({
      keyId: `ASIA${chance(8)}`,
      secret: `${chance(14)}/+${chance(5)}`,
      token: `FwoG${chance(60)}==`,
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/i-0123`,
      expiresAtMs: this.#options.now() + lifeMs,
    });
  }

  /** Takes a key out of use. */
  deactivate({ keyId }: Issued): void {
    this.#keys.delete(keyId);
  }

  /** Makes a key with given texts known. */
  know(issued: Issued): Issued {
    return this.#add(issued);
  }

  #add(issued: Issued): Issued {
    this.#keys.set(issued.keyId, issued);
    return issued;
  }

  #answer(asked: Asked): Reply {
    const form = new URLSearchParams(asked.body);
    const action = form.get('Action') ?? '';
    const given = this.refusals.shift() ?? this.#act(asked, action, form);
    const refused = 'code' in given ? given : undefined;
    const keyId = /Credential=([^/]*)/.exec(asked.headers.authorization ?? '')?.[1] ?? '';
    this.calls.push({ action, status: refused?.status ?? 200, code: refused?.code ?? '', keyId });
    const headers = { 'Content-Type': 'text/xml' };
    if ('xml' in given) return { status: 200, body: given.xml, headers };
    const text = `<Error><Type>Sender</Type><Code>${given.code}</Code><Message>${escaped(given.message)}</Message></Error>`;
    return {
      status: given.status,
      body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">${text}</ErrorResponse>`,
      headers,
    };
  }

  #act(asked: Asked, action: string, form: URLSearchParams): { readonly xml: string } | Refusal {
    if (asked.method !== 'POST' || form.get('Version') !== '2011-06-15')
      return refusal(400, 'InvalidAction', 'Could not find operation');
    if (action === 'AssumeRoleWithWebIdentity') return this.#byToken(form);
    const verdict = judge(asked, {
      nowMs: this.#options.now(),
      region: this.#region,
      service: 'sts',
      keyOf: (id) => this.#keys.get(id),
    });
    if ('code' in verdict) return verdict;
    const signer = this.#keys.get(verdict.keyId);
    if (signer === undefined) return refusal(500, 'InternalFailure', 'lost a key');
    if (action === 'GetCallerIdentity') return { xml: identityXml(signer.arn) };
    if (action === 'AssumeRole') return { xml: this.#given('AssumeRole', form) };
    return refusal(400, 'InvalidAction', `Could not find operation ${action}`);
  }

  #byToken(form: URLSearchParams): { readonly xml: string } | Refusal {
    const token = form.get('WebIdentityToken') ?? '';
    const claims = this.#claims(token);
    // words of the real service quote nothing; this one does, so that whoever logs them is tested
    if (claims === undefined)
      return refusal(400, 'InvalidIdentityToken', `Couldn't retrieve verification key for ${token}`);
    if (claims.aud !== AUDIENCE) return refusal(400, 'InvalidIdentityToken', 'Incorrect token audience');
    if (claims.exp * 1000 <= this.#options.now())
      return refusal(
        400,
        'ExpiredTokenException',
        'Token expired: current date/time must be before the expiration date/time',
      );
    if (form.get('RoleSessionName') === null)
      return refusal(400, 'ValidationError', 'roleSessionName must not be null');
    return { xml: this.#given('AssumeRoleWithWebIdentity', form) };
  }

  #claims(token: string): { readonly aud: string; readonly exp: number } | undefined {
    const [head = '', body = '', proof = ''] = token.split('.');
    const key = this.#options.identityKey;
    if (key === undefined || proof === '') return undefined;
    const isSigned = verify(
      'sha256',
      Buffer.from(`${head}.${body}`),
      createPublicKey(key),
      Buffer.from(proof, 'base64url'),
    );
    return isSigned
      ? (JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as { aud: string; exp: number })
      : undefined;
  }

  #given(action: string, form: URLSearchParams): string {
    const role = (form.get('RoleArn') ?? '').split('/').at(-1) ?? '';
    const { keyId, secret, token = '', expiresAtMs = 0 } = this.session(role);
    const parts = {
      AccessKeyId: keyId,
      SecretAccessKey: secret,
      SessionToken: token,
      Expiration: new Date(expiresAtMs).toISOString(),
    };
    const inner = Object.entries(parts)
      .map(([name, value]) => `<${name}>${value}</${name}>`)
      .join('');
    return `<${action}Response><${action}Result><Credentials>${inner}</Credentials></${action}Result></${action}Response>`;
  }

  get #region(): string {
    return this.#options.region ?? 'us-east-1';
  }
}

function identityXml(arn: string): string {
  const inner = `<Arn>${arn}</Arn><UserId>AROAEXAMPLE:i-0123</UserId><Account>${ACCOUNT}</Account>`;
  return `<GetCallerIdentityResponse><GetCallerIdentityResult>${inner}</GetCallerIdentityResult></GetCallerIdentityResponse>`;
}

const refusal = (status: number, code: string, message: string): Refusal => ({ status, code, message });
const chance = (bytes: number): string => randomBytes(bytes).toString('hex').toUpperCase();
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
