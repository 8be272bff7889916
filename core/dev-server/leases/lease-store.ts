// Keeps leases: issues, renews, expires by the clock, revokes through the engine that issued them. A lease dies with its token.
// It knows nothing of requests.
import type { Clock } from '../../sdk/index.js';
import { fault } from '../backend.js';
import type { Fields, LeaseOrder, LeaseView } from '../backend.js';
import { randomText } from '../chance.js';
import type { Mounted } from '../mounts/mounted.js';
import { idSuffix } from '../mounts/namespaces.js';
import type { Namespace } from '../mounts/namespaces.js';
import type { TokenEntry } from '../tokens/token-entry.js';
import { lifetime } from '../tokens/ttl.js';

const RETRIES = 6;
const RETRY_MS = 10_000;

/** One lease. */
export interface Lease extends LeaseView {
  readonly namespace: Namespace;
  readonly mount: Mounted;
  /** Mount and path: `database/creds/app`. */
  readonly fullPath: string;
  readonly tokenId: string;
  readonly renewable: boolean;
  ttlMs: number;
  maxTtlMs: number;
  expiresAtMs: number;
  renewedAtMs: number | undefined;
}

/** What a renewal gave. */
export interface Renewal {
  readonly lease: Lease;
  readonly ttlMs: number;
  readonly warnings: readonly string[];
  readonly data: Fields | undefined;
}

/** Where a lease comes from. */
export interface LeaseOrigin {
  readonly namespace: Namespace;
  readonly mount: Mounted;
  readonly path: string;
  readonly token: TokenEntry;
  /** False when the token died while the engine worked: the lease is doomed. */
  readonly tokenLives: boolean;
}

/** The leases of one server. */
export class LeaseStore {
  readonly #clock: Clock;
  readonly #leases = new Map<string, Lease>();
  readonly #timers = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Registers a lease for an answer. */
  issue(order: LeaseOrder, origin: LeaseOrigin): { lease: Lease; ttlMs: number; warnings: readonly string[] } {
    const now = this.#clock.now();
    const answer = this.#lifetime(order, { mount: origin.mount, issuedAtMs: now, incrementMs: 0 });
    const rest = origin.token.type === 'batch' ? (origin.token.expiresAtMs ?? Infinity) - now : Infinity;
    const ttlMs = Math.min(answer.ttlMs, rest);
    const fullPath = origin.mount.path + origin.path;
    const lease: Lease = {
      id: `${fullPath}/${randomText(24)}${idSuffix(origin.namespace)}`,
      path: origin.path,
      fullPath,
      namespace: origin.namespace,
      mount: origin.mount,
      tokenId: origin.token.id,
      renewable: order.renewable && origin.token.type === 'service',
      internal: order.internal,
      ttlMs: order.ttlMs,
      maxTtlMs: order.maxTtlMs,
      issuedAtMs: now,
      expiresAtMs: now + ttlMs,
      renewedAtMs: undefined,
    };
    this.#leases.set(lease.id, lease);
    if (origin.tokenLives) this.#arm(lease, ttlMs, 0);
    else this.#doom(lease);
    return { lease, ttlMs, warnings: answer.warnings };
  }

  find(id: string): Lease | undefined {
    return this.#leases.get(id);
  }

  /** Leases of a namespace whose full path starts with `prefix` at a segment, or whose id is `prefix`. */
  under(namespace: Namespace, prefix: string): Lease[] {
    const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
    return [...this.#leases.values()].filter(
      (lease) => lease.namespace === namespace && (lease.id.startsWith(folder) || lease.id === prefix),
    );
  }

  ofToken(tokenId: string): Lease[] {
    return [...this.#leases.values()].filter((lease) => lease.tokenId === tokenId);
  }

  /** Throws 400 for leases that are unknown, over, or not renewable. */
  async renew(id: string, incrementMs: number): Promise<Renewal> {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw fault(400, 'lease not found');
    if (lease.expiresAtMs <= this.#clock.now()) throw fault(400, 'lease expired');
    if (!lease.renewable) throw fault(400, 'lease is not renewable');
    const terms = (await lease.mount.backend.renew?.(lease, incrementMs)) ?? {};
    lease.ttlMs = terms.ttlMs ?? lease.ttlMs;
    lease.maxTtlMs = terms.maxTtlMs ?? lease.maxTtlMs;
    const answer = this.#lifetime(lease, { mount: lease.mount, issuedAtMs: lease.issuedAtMs, incrementMs });
    lease.renewedAtMs = this.#clock.now();
    lease.expiresAtMs = lease.renewedAtMs + answer.ttlMs;
    this.#arm(lease, answer.ttlMs, 0);
    return { lease, ttlMs: answer.ttlMs, warnings: answer.warnings, data: terms.data };
  }

  /** Revokes through the engine. Rejects when the engine cannot; the lease lives on then. */
  async revoke(lease: Lease): Promise<void> {
    await lease.mount.backend.revoke?.(lease);
    this.forget(lease);
  }

  /** Revokes in the background; what the engine refuses is tried again later. */
  revokeSoon(lease: Lease): void {
    this.#doom(lease);
  }

  /** Drops a lease without asking the engine (`revoke-force`, unmounting after a failure). */
  forget(lease: Lease): void {
    this.#timers.get(lease.id)?.();
    this.#timers.delete(lease.id);
    this.#leases.delete(lease.id);
  }

  /** Ends all leases of a dead token; what the engine refuses is tried again later. */
  async revokeOfToken(tokenId: string): Promise<void> {
    await Promise.all(this.ofToken(tokenId).map((lease) => this.#expire(lease, 0)));
  }

  /** Stops all timers. */
  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #doom(lease: Lease): void {
    lease.expiresAtMs = this.#clock.now();
    this.#arm(lease, 0, 0);
  }

  async #expire(lease: Lease, attempt: number): Promise<void> {
    if (!this.#leases.has(lease.id)) return;
    lease.expiresAtMs = Math.min(lease.expiresAtMs, this.#clock.now());
    try {
      await this.revoke(lease);
    } catch {
      if (attempt < RETRIES) this.#arm(lease, RETRY_MS * 2 ** attempt, attempt + 1);
    }
  }

  #arm(lease: Lease, delayMs: number, attempt: number): void {
    this.#timers.get(lease.id)?.();
    this.#timers.set(
      lease.id,
      this.#clock.after(delayMs, () => void this.#expire(lease, attempt)),
    );
  }

  #lifetime(
    terms: { readonly ttlMs: number; readonly maxTtlMs: number },
    at: { readonly mount: Mounted; readonly issuedAtMs: number; readonly incrementMs: number },
  ): { ttlMs: number; warnings: readonly string[] } {
    return lifetime({
      ...terms,
      incrementMs: at.incrementMs,
      issuedAtMs: at.issuedAtMs,
      nowMs: this.#clock.now(),
      periodMs: 0,
      explicitMaxTtlMs: 0,
      mountDefaultMs: at.mount.defaultLeaseTtlMs(),
      mountMaxMs: at.mount.maxLeaseTtlMs(),
    });
  }
}
