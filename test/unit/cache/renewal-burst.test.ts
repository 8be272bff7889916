import { expect } from 'chai';
import { createLeaseCache } from '../../../core/cache/lease-cache.js';
import type { EntryRecord } from '../../../core/cache/record.js';
import type { Logger, Vault, VaultAnswer } from '../../../core/sdk/index.js';
import { VirtualClock } from '../../../core/sdk/testing/index.js';
import { MetricRegistry } from '../../../core/telemetry/metrics.js';
import { Governor } from '../../../core/vault/governor.js';
import { hasher, tokenState } from './fixture.js';

// 100,000 at 2,000 per second pass too, and take ten seconds and more
const ENTRIES = 20_000;
const RATE = { perSecond: 400, burst: 40 };
const HOUR_MS = 3_600_000;

const nothing = (): void => undefined;
const silent: Logger = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A lease that should have been renewed hours ago and lives one hour more. */
const late = (nth: number, now: number): EntryRecord => ({
  ...{ id: `id-${nth}`, kind: 'lease', namespace: '', path: `/v1/db/creds/${nth}` },
  home: { namespace: '', path: `db/creds/${nth}` },
  ...{ lease: `db/creds/${nth}/x`, token: '', accessor: '', keys: [`key-${nth}`] },
  parent: { on: 'identity', identity: 'default', token: 'hvs.auto' },
  ...{ expiresAt: now + HOUR_MS, priorMs: 24 * HOUR_MS, graceMs: 3 * HOUR_MS, renewable: true, incrementSeconds: 0 },
  ...{
    renewals: 1,
    storedAt: now - 23 * HOUR_MS,
    status: 200,
    head: [],
    body: Buffer.from('{}'),
    digitsAt: 0,
    digitsEnd: 0,
  },
});

describe('very many renewals that are due at once', function () {
  this.timeout(30_000);

  it('are spread: never more per second than the governor lets through, at most 32 under way, and all of them done (D-5)', async () => {
    const clock = new VirtualClock();
    const random = (): number => Math.random();
    const governor = new Governor({ clock, random, rate: RATE });
    const perSecond = new Map<number, number>();
    const renewed = new Set<unknown>();
    let underWay = 0;
    let most = 0;
    const answer = (body: unknown): VaultAnswer => ({ status: 200, body, headers: {} });
    const send = async (lease: unknown): Promise<VaultAnswer> => {
      const second = Math.floor(clock.now() / 1000);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      renewed.add(lease);
      return answer({ lease_id: lease, lease_duration: 86_400, renewable: true });
    };
    const vault: Vault = {
      request: (_method, _path, { body, signal } = {}) =>
        governor.run(() => send((body as { lease_id: string }).lease_id), signal, 'renewal'),
    };
    const cache = createLeaseCache({
      ...{ hasher, vault, clock, log: { named: () => silent }, metrics: new MetricRegistry(), random },
      verbatimHits: false,
    });
    cache.adopt(tokenState('hvs.auto'));
    const start = clock.now();
    expect(cache.restore(Array.from({ length: ENTRIES }, (_, nth) => late(nth, start)))).to.equal(ENTRIES);
    for (let second = 0; second < 90 && renewed.size < ENTRIES; second++) await clock.advance(1_000);
    cache.stop();
    expect(renewed.size).to.equal(ENTRIES);
    expect(most).to.be.at.most(32);
    expect(Math.max(...perSecond.values())).to.be.at.most(RATE.perSecond + RATE.burst);
    expect(perSecond.size, 'seconds with renewals').to.be.greaterThan(50);
  });
});
