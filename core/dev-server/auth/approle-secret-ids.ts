// The secret ids of one AppRole mount: issuing, finding, using up, forgetting. Expired ones are gone whenever somebody asks.
// It knows roles only by name; ids are kept as digests, as the server does.
import { createHash } from 'node:crypto';
import type { Fields } from '../backend.js';
import { shownCidr } from './cidr.js';
import { moment } from '../wire/moment.js';

/** An issued secret id. Times in milliseconds since 1970; `numUses` 0 means without limit. */
export interface SecretIdEntry {
  readonly role: string;
  readonly accessor: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly cidrs: readonly string[];
  readonly tokenCidrs: readonly string[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | undefined;
  readonly ttlMs: number;
  numUses: number;
  updatedAtMs: number;
}

/** What a new entry is made of. */
export type SecretIdOrder = Pick<SecretIdEntry, 'role' | 'metadata' | 'cidrs' | 'tokenCidrs' | 'ttlMs' | 'numUses'>;

/** All secret ids of a mount. */
export class SecretIds {
  readonly #entries = new Map<string, SecretIdEntry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Files a new secret id; undefined when the role has this id already. */
  add(secretId: string, accessor: string, order: SecretIdOrder): SecretIdEntry | undefined {
    if (this.find(order.role, secretId) !== undefined) return undefined;
    const now = this.#now();
    const expiresAtMs = order.ttlMs > 0 ? now + order.ttlMs : undefined;
    const entry = { ...order, accessor, createdAtMs: now, updatedAtMs: now, expiresAtMs };
    this.#entries.set(key(order.role, secretId), entry);
    return entry;
  }

  /** The living entry of a secret id. */
  find(role: string, secretId: string): SecretIdEntry | undefined {
    this.#sweep();
    return this.#entries.get(key(role, secretId));
  }

  /** The living entry with an accessor. */
  byAccessor(role: string, accessor: string): SecretIdEntry | undefined {
    return this.all(role).find((entry) => entry.accessor === accessor);
  }

  /** All living entries of a role, oldest first. */
  all(role: string): SecretIdEntry[] {
    this.#sweep();
    return [...this.#entries.values()].filter((entry) => entry.role === role);
  }

  /** Takes one use; the last one ends the entry. */
  use(entry: SecretIdEntry): void {
    if (entry.numUses === 0) return;
    if (entry.numUses === 1) return this.forget(entry);
    entry.numUses -= 1;
    entry.updatedAtMs = this.#now();
  }

  /** Ends an entry. */
  forget(entry: SecretIdEntry): void {
    for (const [digest, found] of this.#entries) if (found === entry) this.#entries.delete(digest);
  }

  /** Ends all entries of a role. */
  forgetRole(role: string): void {
    for (const entry of this.all(role)) this.forget(entry);
  }

  #sweep(): void {
    const now = this.#now();
    for (const [digest, entry] of this.#entries) {
      if (entry.expiresAtMs !== undefined && entry.expiresAtMs <= now) this.#entries.delete(digest);
    }
  }
}

function key(role: string, secretId: string): string {
  return createHash('sha256').update(`${role}\n${secretId}`).digest('hex');
}

/** The answer to a look-up of a secret id or its accessor. */
export function shownSecretId(entry: SecretIdEntry): Fields {
  const never = '0001-01-01T00:00:00Z';
  return {
    cidr_list: entry.cidrs.map(shownCidr),
    creation_time: moment(entry.createdAtMs),
    expiration_time: entry.expiresAtMs === undefined ? never : moment(entry.expiresAtMs),
    last_updated_time: moment(entry.updatedAtMs),
    metadata: { ...entry.metadata },
    secret_id_accessor: entry.accessor,
    secret_id_num_uses: entry.numUses,
    secret_id_ttl: entry.ttlMs / 1000,
    token_bound_cidrs: entry.tokenCidrs.map(shownCidr),
  };
}
