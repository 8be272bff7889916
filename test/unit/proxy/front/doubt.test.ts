// What the front does when the cache or the identity no longer stands behind a remembered answer (R-13, D-22).
import { expect } from 'chai';
import type { BufferedReply, LeaseCache } from '../../../../core/contracts/lease-cache.js';
import { jsonReply } from '../../../../core/kernel/local-reply.js';
import { createFront } from '../../../../core/proxy/front/front.js';
import { VirtualClock } from '../../../../core/sdk/testing/index.js';
import { MetricRegistry } from '../../../../core/telemetry/metrics.js';
import { exchange } from '../exchange-fake.js';
import { IdentityFake, state } from '../identity-fake.js';

const HEAD = Buffer.from('GET /v1/a HTTP/1.1\r\nHost: agent\r\n\r\n');
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, enabled: () => false };

class Fronted {
  readonly clock = new VirtualClock();
  readonly identity = new IdentityFake('default', { ...state('hvs.auto'), expiresAt: this.clock.now() + 60_000 });
  readonly reply: BufferedReply = jsonReply(200, { a: 1 });
  found: ReturnType<LeaseCache['recall']> = { reply: this.reply, ageMs: 0, source: this.reply };
  removed: (sources: ReadonlySet<object>) => void = () => undefined;
  readonly front;

  constructor() {
    const { identity, clock } = this;
    const cache = {
      recall: (): ReturnType<LeaseCache['recall']> => this.found,
      onRemoved: (listener: Fronted['removed']): void => void (this.removed = listener),
    };
    this.front = createFront({ cache, identity, clock, metrics: new MetricRegistry(), log: silent });
    this.offer();
  }

  offer(): void {
    const request = exchange({ path: '/v1/a', cacheKey: 'key', notes: { cache: 'hit' } });
    this.front.offer(HEAD, ['Host', 'agent'], { exchange: request, reply: this.reply });
  }

  get answers(): boolean {
    return this.front.answer(HEAD, '') !== undefined;
  }
}

describe('front: doubt (R-13, D-22)', () => {
  let on: Fronted;
  beforeEach(() => {
    on = new Fronted();
    expect(on.answers).to.equal(true);
  });

  it('forgets an answer that the cache does not give any more, because it is suspect (R-13)', () => {
    const { found } = on;
    on.found = undefined;
    expect(on.answers).to.equal(false);
    on.found = found;
    expect(on.answers).to.equal(false);
    on.offer();
    expect(on.answers).to.equal(true);
  });

  it('does not offer what is suspect by the time it is offered (R-13)', () => {
    on.removed(new Set([on.reply]));
    on.found = undefined;
    on.offer();
    on.found = { reply: on.reply, ageMs: 0, source: on.reply };
    expect(on.answers).to.equal(false);
  });

  it('forgets at once what is put in doubt (R-13)', () => {
    on.removed(new Set([on.reply]));
    expect(on.answers).to.equal(false);
  });

  it('answers nothing while the token of the identity is expired, as the pipeline would not send it (D-22)', async () => {
    await on.clock.advance(60_000);
    expect(on.answers).to.equal(false);
  });

  it('forgets when the identity has a new token, or a longer life, and learns again', () => {
    for (const next of [state('hvs.new', 'default', 2), { ...state('hvs.new', 'default', 2), expiresAt: 0 }]) {
      on.identity.current = next;
      expect(on.answers).to.equal(false);
      on.offer();
      expect(on.answers).to.equal(true);
    }
  });
});
