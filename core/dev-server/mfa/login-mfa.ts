// Login MFA of a server: TOTP methods, keys of entities, enforcements, and the logins that wait for their second factor.
import { randomBytes } from 'node:crypto';
import { toBase32 } from '../../sdk/index.js';
import type { Clock } from '../../sdk/index.js';
import { fault, multiError } from '../backend.js';
import type { Fields } from '../backend.js';
import { randomUuid } from '../chance.js';
import type { IssuedToken } from '../tokens/issue-token.js';
import { Attempts } from './attempts.js';
import { isGoodCode } from './totp-check.js';
import type { TotpMethod } from './totp-method.js';

/** For which logins which methods are wanted. */
export interface Enforcement {
  readonly name: string;
  readonly namespace: string;
  readonly methodIds: readonly string[];
  readonly accessors: readonly string[];
  readonly types: readonly string[];
  readonly entityIds: readonly string[];
}

/** Who logs in where. */
export interface LoginFacts {
  readonly namespace: string;
  readonly accessor: string;
  readonly type: string;
  readonly entityId: string;
}

interface Waiting {
  readonly facts: LoginFacts;
  readonly enforcements: readonly Enforcement[];
  readonly issue: () => IssuedToken;
  readonly untilMs: number;
}

const PATIENCE_MS = 5 * 60_000;

/** The login MFA of one server. */
export class LoginMfa {
  readonly methods = new Map<string, TotpMethod>();
  readonly enforcements = new Map<string, Enforcement>();
  readonly #clock: Clock;
  readonly #attempts: Attempts;
  readonly #keys = new Map<string, Uint8Array>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#attempts = new Attempts(clock);
  }

  /** A new key for an entity as otpauth:// URL; undefined when it has one already. */
  generate(method: TotpMethod, entityId: string): string | undefined {
    const place = `${method.id}/${entityId}`;
    if (this.#keys.has(place)) return undefined;
    const key = randomBytes(method.keySize);
    this.#keys.set(place, key);
    const { issuer, algorithm, digits, periodS } = method;
    const query = new URLSearchParams({ algorithm, digits: String(digits), issuer, period: String(periodS) });
    return `otpauth://totp/${encodeURIComponent(issuer)}:${entityId}?${query.toString()}&secret=${toBase32(key)}`;
  }

  /** Forgets the key of an entity. */
  destroy(methodId: string, entityId: string): void {
    this.#keys.delete(`${methodId}/${entityId}`);
  }

  /** The `mfa_requirement` of a login, which waits until it is validated; undefined when nothing is enforced for it. */
  demand(facts: LoginFacts, issue: () => IssuedToken): Fields | undefined {
    const enforcements = [...this.enforcements.values()].filter((enforcement) => isMeant(enforcement, facts));
    if (enforcements.length === 0 || facts.entityId === '') return undefined;
    const id = randomUuid();
    this.#waiting.set(id, { facts, enforcements, issue, untilMs: this.#clock.now() + PATIENCE_MS });
    const constraints = enforcements.map(({ name, methodIds }) => [
      name,
      { any: methodIds.map((m) => this.#offer(m)) },
    ]);
    return { mfa_request_id: id, mfa_constraints: Object.fromEntries(constraints) as Fields };
  }

  #offer(id: string): Fields {
    const name = this.methods.get(id)?.name ?? '';
    return { type: 'totp', id, uses_passcode: true, ...(name === '' ? {} : { name }) };
  }

  /** The token of a login whose second factors are good. Throws 400 for unknown requests and 403 for factors that are not; the login goes on waiting. */
  validate(id: string, namespace: string, payload: Readonly<Record<string, readonly string[]>>): IssuedToken {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || waiting.untilMs < this.#clock.now()) throw fault(400, 'invalid request ID');
    if (waiting.facts.namespace !== namespace) throw fault(500, 'original request was issued in a different namespace');
    for (const enforcement of waiting.enforcements) this.#satisfy(enforcement, waiting.facts.entityId, payload);
    this.#waiting.delete(id);
    return waiting.issue();
  }

  #satisfy(enforcement: Enforcement, entityId: string, payload: Readonly<Record<string, readonly string[]>>): void {
    const { name, methodIds } = enforcement;
    const failed = `login MFA validation failed for methodID: [${methodIds.join(' ')}]`;
    const given = methodIds.filter((id) => payload[id] !== undefined);
    if (given.length === 0) throw fault(403, `failed to satisfy enforcement ${name}. error: ${failed}`);
    const errors: string[] = [];
    for (const id of given) {
      const error = this.#check(this.methods.get(id), entityId, payload[id]?.[0] ?? '');
      if (error === undefined) return;
      errors.push(error);
    }
    throw fault(403, `failed to satisfy enforcement ${name}. error: ${multiError(...errors, failed)}`);
  }

  #check(method: TotpMethod | undefined, entityId: string, credential: string): string | undefined {
    const code = credential.replace(/^passcode=/, '');
    if (code === '') return 'MFA credentials not supplied';
    const key = method && this.#keys.get(`${method.id}/${entityId}`);
    if (method === undefined || key === undefined) return 'entity does not contain the TOTP secret';
    const refused = this.#attempts.refuse(method, entityId, code);
    if (refused !== undefined) return refused;
    if (!isGoodCode({ ...method, key }, code, this.#clock.now())) return 'failed to validate TOTP passcode';
    this.#attempts.spend(method, entityId, code);
    return undefined;
  }
}

function isMeant(enforcement: Enforcement, facts: LoginFacts): boolean {
  const { namespace, accessors, types, entityIds } = enforcement;
  if (namespace !== facts.namespace) return false;
  return accessors.includes(facts.accessor) || types.includes(facts.type) || entityIds.includes(facts.entityId);
}
