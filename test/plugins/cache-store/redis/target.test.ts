// Settings of the Redis store become a place.
import { expect } from 'chai';
import { Secret } from '../../../../core/sdk/index.js';
import { nameOf, targetOf, type RedisSettings } from '../../../../plugins/cache-store/redis/target.js';
import { framed, unframed } from '../../../../plugins/cache-store/redis/frame.js';

describe('cache store redis: target', () => {
  const places: readonly (readonly [RedisSettings, string, string, number, boolean])[] = [
    [{ url: 'redis://h' }, 'h:6379', '', 0, false],
    [{ url: 'REDISS://h:1/3' }, 'h:1', '', 3, true],
    [{ url: 'redis://u:p%40ss@[::1]:7' }, '::1:7', 'p@ss', 0, false],
    [{ url: new Secret('redis://h'), password: new Secret('x'), database: 4 }, 'h:6379', 'x', 4, false],
    [{ sentinel_addresses: ['s1', '[::2]:5'], tls: true }, 'mymaster at s1:26379, ::2:5', '', 0, true],
    [{ cluster_addresses: ['c1:1', 'c2'], database: 3 }, 'c1:1, c2:6379', '', 0, false],
  ];
  for (const [settings, name, password, database, tls] of places) {
    it(`reads ${name}`, () => {
      const target = targetOf(settings);
      const found = [nameOf(target), target.password?.reveal() ?? '', target.database, target.tls];
      expect(found).to.deep.equal([name, password, database, tls]);
    });
  }

  for (const settings of [
    {},
    { url: 'planted' },
    { url: 'http://planted@h' },
    { url: 'redis://:planted%@h' },
    { url: 'redis://h/planted' },
    { cluster_addresses: ['user:planted@h'] },
    { sentinel_addresses: ['redis://planted'] },
  ]) {
    it(`refuses ${JSON.stringify(settings)} and does not repeat it`, () => {
      expect(() => targetOf(settings))
        .to.throw()
        .that.satisfies(({ code, message }: { code: string; message: string }) => {
          return code === 'CONFIG_VALUE' && !message.includes('planted');
        });
    });
  }

  it('frames bytes and knows its own frames only', () => {
    for (const ends of [0, 1, 1_767_225_600_000])
      expect(unframed(framed(Buffer.from([0, 255]), ends))).to.deep.equal({
        value: Uint8Array.of(0, 255),
        expiresAt: ends,
      });
    for (const foreign of [
      null,
      'C10000000000000000',
      Buffer.alloc(0),
      Buffer.from('C1000000000000000x'),
      Buffer.from('foreign'),
    ])
      expect(() => unframed(foreign)).to.throw();
  });
});
