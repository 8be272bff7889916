import { expect } from 'chai';
import type { TokenFeed, TokenState } from '../../../../core/contracts/token-feed.js';
import { Secret } from '../../../../core/sdk/index.js';
import { MINUTE, Rig, kv2, reply, type RigWishes } from './fixture.js';

class FeedFake implements TokenFeed {
  current: TokenState | undefined;
  readonly #listeners = new Set<(state: TokenState) => void>();

  async *updates(): AsyncGenerator<TokenState> {}

  subscribe(listener: (state: TokenState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(token: string, form: TokenState['form'] = 'plain'): void {
    const rest = { accessor: '', policies: [], renewable: true, kind: 'service', expiresAt: 0, sequence: 1 } as const;
    this.current = { identity: 'default', form, token: new Secret(token), ...rest };
    for (const listener of this.#listeners) listener(this.current);
  }
}

describe('prefetching static secrets', () => {
  const PATHS = ['secret/data/a', 'secret/data/b c', 'secret/data/gone'];
  let rig: Rig;
  let feed: FeedFake;
  const setUp = (more: RigWishes = {}): void => {
    feed = new FeedFake();
    rig = new Rig({ config: { prefetch: PATHS }, identity: { name: 'default', feed }, ...more });
    rig.answers.set('/v1/secret/data/a', reply(kv2(1)));
    rig.answers.set('/v1/secret/data/b%20c', reply(kv2(1)));
    rig.answers.set('/v1/secret/data/gone', reply({ errors: [] }, { status: 404 }));
    rig.cache.start();
  };
  afterEach(() => rig.cache.stop());
  const paths = (): string[] => rig.gets.map(({ path }) => path);

  it("reads the list one after the other over 30 s after a login, and the identity's requests are hits", async () => {
    setUp();
    await rig.clock.advance(MINUTE);
    expect(rig.gets).to.deep.equal([]);
    feed.publish('hvs.auto');
    await rig.clock.advance(10_000);
    expect(paths()).to.deep.equal(['/v1/secret/data/a']);
    expect(rig.holds('/v1/secret/data/a', { token: 'hvs.auto' })).to.equal(true);
    await rig.clock.advance(20_000);
    expect(paths()).to.deep.equal(['/v1/secret/data/a', '/v1/secret/data/b%20c', '/v1/secret/data/gone']);
    expect(rig.holds('/v1/secret/data/b%20c', { token: 'hvs.auto' })).to.equal(true);
    expect(rig.log.lines.find(({ fields }) => fields.path === 'secret/data/gone')).to.deep.include({ level: 'debug' });
  });

  it('begins with a token that is there already, and reads in the configured namespace', async () => {
    setUp({ namespace: 'team' });
    rig.cache.stop();
    rig = new Rig({ config: { prefetch: ['secret/data/a'] }, identity: { name: 'default', feed }, namespace: '/team' });
    feed.publish('hvs.auto');
    rig.cache.start();
    await rig.clock.advance(MINUTE);
    expect(rig.gets.map(({ namespace }) => namespace)).to.deep.equal(['team/']);
  });

  it('a renewal is no login; a new token begins anew and ends the old round; wrapped tokens read nothing', async () => {
    setUp();
    feed.publish('hvs.auto');
    await rig.clock.advance(MINUTE);
    feed.publish('hvs.auto');
    feed.publish('{}', 'wrapped');
    await rig.clock.advance(MINUTE);
    expect(rig.gets.length).to.equal(3);
    feed.publish('hvs.second');
    await rig.clock.advance(10_000);
    feed.publish('hvs.third');
    await rig.clock.advance(MINUTE);
    expect(rig.gets.slice(3).map(({ token }) => token.reveal())).to.deep.equal([
      'hvs.second',
      ...Array<string>(3).fill('hvs.third'),
    ]);
  });

  it('a path that is no secret is named in a warning, and the others are read', async () => {
    setUp({ config: { prefetch: ['sys/health', 'secret/data/a'] } });
    feed.publish('hvs.auto');
    await rig.clock.advance(MINUTE);
    expect(paths()).to.deep.equal(['/v1/secret/data/a']);
    expect(rig.log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).to.deep.equal([
      { path: 'sys/health', why: 'not-static' },
    ]);
  });
});
