import { expect } from 'chai';
import type { Exchange, Reply } from '../../../../core/contracts/exchange.js';
import { errorReply, jsonReply } from '../../../../core/kernel/local-reply.js';
import { labelStage } from '../../../../core/proxy/stages/label.js';
import { MetricRegistry } from '../../../../core/telemetry/metrics.js';
import { exchange, header } from '../exchange-fake.js';

describe('the label stage (P-11)', () => {
  const labelled = (notes: Exchange['notes'], reply: Reply, metrics = new MetricRegistry()): Reply =>
    labelStage(metrics)(exchange({ notes }), () => reply) as Reply;
  const labels = (reply: Reply): unknown[] => [header(reply, 'X-Cache'), header(reply, 'X-Cache-Reason')];

  it('says MISS and why on every success that is no hit', () => {
    const ok = jsonReply(200, {});
    expect(labels(labelled({ cache: 'miss', why: 'not-renewable' }, ok))).to.deep.equal(['MISS', 'not-renewable']);
    expect(labels(labelled({ cache: 'bypass', why: 'no-store' }, ok))).to.deep.equal(['MISS', 'no-store']);
    expect(labels(labelled({ cache: 'miss', why: 'stored-lease' }, ok))).to.deep.equal(['MISS', 'stored-lease']);
  });

  it('says MISS alone without a cache, as the reference does', () => {
    expect(labels(labelled({}, jsonReply(200, {})))).to.deep.equal(['MISS', undefined]);
  });

  it('leaves hits and errors as they are', () => {
    const hit = jsonReply(200, {});
    expect(labelled({ cache: 'hit' }, hit)).to.equal(hit);
    expect(labels(labelled({ cache: 'miss', why: 'status' }, errorReply(403, 'no')))).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it('tells inspection what it said, and nothing of hits', () => {
    const told: string[] = [];
    const reasons = { note: (_: unknown, why: string): void => void told.push(why) };
    const stage = labelStage(new MetricRegistry(), reasons);
    for (const notes of [{ cache: 'hit', why: 'stale' }, { cache: 'miss', why: 'stored-lease' }, {}] as const)
      void stage(exchange({ notes: { ...notes } }), () => jsonReply(200, {}));
    expect(told).to.deep.equal(['stored-lease']);
  });

  it('counts by reason what was passed or not kept', () => {
    const metrics = new MetricRegistry();
    labelled({ cache: 'bypass', why: 'no-store' }, jsonReply(200, {}), metrics);
    labelled({ cache: 'miss', why: 'stored-lease' }, jsonReply(200, {}), metrics);
    const bypass = metrics.snapshot().filter(({ name }) => name === 'agent.cache.bypass');
    expect(bypass.map(({ labels: by, value }) => [by, value])).to.deep.equal([[{ reason: 'no-store' }, 1]]);
  });
});
