// One agent of several: a cache with sharing over a common store, an identity, and a clock of all.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createSharing, type Sharing } from '../../../../core/cache/shared/sharing.js';
import type { Sealer } from '../../../../core/cache/shared/claims-store.js';
import type { TokenState } from '../../../../core/contracts/token-feed.js';
import { Secret } from '../../../../core/sdk/index.js';
import { HealthSpy, LogSpy, settle, type VirtualClock } from '../../../../core/sdk/testing/index.js';
import { CacheRig, exchange, leaseAnswer, reply, tokenState } from '../fixture.js';
import type { SharedMemory, StoreView } from './shared-memory.js';

const KEY = randomBytes(32);

/** The same key for all agents. */
export const sealer: Sealer = {
  seal: (record, plain) => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', KEY, nonce).setAAD(Buffer.from(record));
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  },
  open: (record, sealed) => {
    const bytes = Buffer.from(sealed);
    const decipher = createDecipheriv('aes-256-gcm', KEY, bytes.subarray(0, 12)).setAAD(Buffer.from(record));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  },
};

/** One agent. Its token lives for `tokenMs`. */
export class Agent {
  readonly store: StoreView;
  readonly rig: CacheRig;
  readonly sharing: Sharing;
  readonly health = new HealthSpy();
  readonly log = new LogSpy();
  token: string;
  state: TokenState;
  readonly #clock: VirtualClock;

  constructor(name: string, clock: VirtualClock, memory: SharedMemory, more: Partial<TokenState> = {}) {
    this.#clock = clock;
    this.token = `hvs.${name}-planted`;
    this.state = tokenState(this.token, { entityId: 'e-1', policies: ['default', 'db'], ...more });
    this.store = memory.view();
    this.sharing = createSharing({
      ...{ store: this.store, clock, log: this.log, health: this.health, instance: name },
      sealer: () => sealer,
      random: () => 0.5,
      shareBoundMs: 10_000,
      clusterId: () => Promise.resolve('c-1'),
      identity: () => ({ state: this.state, mount: 'auth/approle' }),
    });
    this.rig = new CacheRig({ clock, shared: this.sharing, buried: () => this.sharing.buried() });
    this.rig.vault.on('PUT', 'sys/leases/renew', { status: 200, body: leaseAnswer('x', 3600) });
    this.rig.vault.on('PUT', 'auth/token/renew-self', {
      status: 200,
      body: { auth: { client_token: 'x', lease_duration: 36_000, renewable: true } },
    });
    this.rig.cache.follow(this.sharing);
  }

  async start(): Promise<this> {
    this.rig.cache.adopt(this.state, { expiresAt: () => this.state.expiresAt });
    this.sharing.start(this.rig.cache);
    await settle();
    return this;
  }

  /** The identity has a new token; the one before lives on. */
  logsInAnew(token: string): void {
    this.token = token;
    this.state = { ...this.state, token: new Secret(token) };
    this.rig.cache.adopt(this.state, { expiresAt: () => this.state.expiresAt });
  }

  request(path = '/v1/db/creds/a') {
    const { token } = this;
    return exchange('GET', path, { token, identity: 'default' });
  }

  /** A client asks: a hit, another agent's answer, or a new lease with this id. The result is the id that the client gets. */
  async asks(newLease: string, path?: string): Promise<unknown> {
    const request = this.request(path);
    const { cache } = this.rig;
    request.cacheKey = cache.keyOf(request)!;
    if (cache.recall(request.cacheKey) === undefined) await cache.seek(request, request.signal);
    if (cache.recall(request.cacheKey) === undefined)
      await cache.remember({ ...request, sentAt: this.#clock.now() }, reply(leaseAnswer(newLease, 3600)), cache.epoch);
    return this.holds(path) ? this.rig.hit(this.request(path)).lease_id : undefined;
  }

  holds(path?: string): boolean {
    return this.rig.holds(this.request(path));
  }

  held(path?: string): string | undefined {
    return this.rig.held(this.request(path));
  }

  /** A client revokes a lease through this agent; the result is what its answer waits for. */
  revokes(lease: string): Promise<void> | undefined {
    const body = JSON.stringify({ lease_id: lease });
    const request = exchange('PUT', '/v1/sys/leases/revoke', { token: this.token, body });
    const watch = this.rig.cache.watch(request);
    watch?.sent(request);
    watch?.ended(204, undefined);
    return watch?.settled?.();
  }

  /** Calls to the server: path and token. */
  get calls(): string[] {
    return this.rig.vault.calls.map(({ path, call }) => `${path} ${call.token?.reveal() ?? ''}`);
  }

  get states(): string[] {
    return [...this.rig.cache.entries()].map(({ state }) => state);
  }

  /** Gone, as by kill -9: its clockwork stops. */
  dies(): void {
    this.sharing.stop();
    this.rig.cache.stop();
    this.store.away = true;
  }
}
