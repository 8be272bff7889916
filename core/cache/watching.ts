// Watches over requests that revoke, renew, or write where logins depend on it (R-1, R-5, R-11, R-12, D-1). A watch begins its tombstone when the
// request is sent and ends it with the outcome; it never fails a request (D-38).
import type { Exchange } from '../contracts/exchange.js';
import type { Watch } from '../contracts/lease-cache.js';
import { loginsDroppedBy, mayWriteAuth } from './auth-write.js';
import type { Criteria } from './criteria.js';
import { parseJson } from './envelope.js';
import { warnsOfCap } from './renewal-answer.js';
import { grantedBy, mayRenew, renewalOf, type RenewalTarget } from './renewal-request.js';
import type { Brought } from './renewals.js';
import { mayRevoke, revocationOf, tookEffect, type SentRequest } from './revocation.js';
import type { Stone, Tombstones } from './tombstones.js';

/** What watches may do. */
export interface WatchingOptions {
  readonly stones: Tombstones<Criteria>;
  readonly now: () => number;
  /** A removal took effect, or may have (`surely` false). */
  readonly removed: (criteria: Criteria, surely: boolean) => void;
  readonly renewed: (target: RenewalTarget, brought: Brought, sentAt: number) => void;
  /** What a removal still does in a shared store. */
  readonly buried: (() => Promise<void> | undefined) | undefined;
}

type Kind = 'revocation' | 'renewal' | 'auth-write';

function kindOf({ method, path }: Exchange): Kind | undefined {
  if (method === 'GET') return undefined;
  if (mayRevoke(method, path)) return 'revocation';
  if (mayRenew(method, path)) return 'renewal';
  return mayWriteAuth(method, path) ? 'auth-write' : undefined;
}

/** The watch over a request; undefined for nearly all. */
export function watchOver(exchange: Exchange, options: WatchingOptions): Watch | undefined {
  const kind = kindOf(exchange);
  if (kind === undefined) return undefined;
  return kind === 'renewal' ? new RenewalWatch(options) : new RemovalWatch(kind, exchange.method, options);
}

class RemovalWatch implements Watch {
  readonly bodies: boolean;
  readonly #kind: Kind;
  readonly #options: WatchingOptions;
  #stone: Stone<Criteria> | undefined;

  constructor(kind: Kind, method: string, options: WatchingOptions) {
    this.#kind = kind;
    this.#options = options;
    this.bodies = kind === 'revocation' && method !== 'DELETE';
  }

  sent(exchange: Exchange): void {
    const request = requestOf(exchange);
    const criteria = this.#kind === 'auth-write' ? loginsDroppedBy(request) : revocationOf(request);
    if (criteria !== undefined) this.#stone ??= this.#options.stones.begin(criteria);
  }

  ended(status: number | undefined): void {
    const stone = this.#stone;
    this.#stone = undefined;
    if (stone === undefined) return;
    this.#options.stones.end(stone);
    if (tookEffect(status)) this.#options.removed(stone.scope, status !== undefined && status < 300);
  }

  settled(): Promise<void> | undefined {
    return this.#options.buried?.();
  }
}

class RenewalWatch implements Watch {
  readonly bodies = true;
  readonly #options: WatchingOptions;
  #target: RenewalTarget | undefined;
  #sentAt = 0;

  constructor(options: WatchingOptions) {
    this.#options = options;
  }

  sent(exchange: Exchange): void {
    this.#target = renewalOf(requestOf(exchange));
    this.#sentAt = exchange.sentAt ?? this.#options.now();
  }

  ended(status: number | undefined, replyBody: Uint8Array | undefined): void {
    const target = this.#target;
    if (target === undefined || status === undefined || status < 200 || status >= 300 || replyBody === undefined)
      return;
    const answer = parseJson(replyBody);
    const granted = grantedBy(target.by === 'lease' ? 'lease' : 'token', answer);
    if (granted === undefined) return;
    const { incrementSeconds } = target;
    this.#options.renewed(target, { ...granted, incrementSeconds, capped: warnsOfCap(answer) }, this.#sentAt);
  }
}

function requestOf({ method, path, query, namespace, token, body }: Exchange): SentRequest {
  const bytes = body instanceof Uint8Array ? body : EMPTY;
  return { method, path, query, namespace, token: token?.reveal() ?? '', body: bytes };
}

const EMPTY = new Uint8Array(0);
