// The numbers of the news: which are heard, which are missed.
import { expect } from 'chai';
import { Follower, toldBy } from '../../../../plugins/cache-store/redis/follow.js';
import { NewsQueue } from '../../../../plugins/cache-store/redis/news.js';

const told = (sequence: number, writer = 'other', key: string | undefined = 'k') => ({ sequence, writer, key });
const GAP = { news: 'gap' };
const HEARD = { news: 'heard' };

describe('cache store redis: follower', () => {
  const begun = (): Follower => {
    const follower = new Follower('me');
    expect(follower.begin(10)).to.deep.equal(GAP);
    return follower;
  };

  it('R-7: the next number of another writer is a change, of the own one no news, of all a gap', () => {
    const follower = begun();
    expect(follower.message(told(11))).to.deep.equal({ news: 'changed', key: 'k' });
    expect(follower.message(told(12, 'me'))).to.equal(undefined);
    expect(follower.message({ sequence: 13, writer: 'other', key: undefined })).to.deep.equal(GAP);
    expect(follower.message(told(13))).to.equal(undefined);
  });

  it('R-7: a missing number is a gap, once', () => {
    const follower = begun();
    expect(follower.message(told(13, 'me'))).to.deep.equal(GAP);
    expect(follower.message(told(14))).to.deep.equal({ news: 'changed', key: 'k' });
  });

  it('R-7: a beat with the same counter is heard, also when messages came while it was asked', () => {
    const follower = begun();
    expect(follower.beat(10, 10)).to.deep.equal(HEARD);
    follower.message(told(11));
    expect(follower.beat(10, 10)).to.deep.equal(HEARD);
  });

  it('R-7: behind for one beat is silence, for two a gap', () => {
    const follower = begun();
    expect(follower.beat(12, 10)).to.equal(undefined);
    expect(follower.beat(12, 10)).to.deep.equal(GAP);
    expect(follower.beat(12, 12)).to.deep.equal(HEARD);
  });

  it('R-7: a counter that went back is a gap', () => {
    const follower = begun();
    expect(follower.beat(3, 10)).to.deep.equal(GAP);
    expect(follower.message(told(4))).to.deep.equal({ news: 'changed', key: 'k' });
  });

  it('says nothing while the connection is lost', () => {
    const follower = begun();
    follower.lost();
    expect([follower.message(told(11)), follower.beat(11, 11), follower.beat(11, undefined)]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('reads only messages of the agents', () => {
    expect(toldBy('7 abc k x/ y\nz')).to.deep.equal({ sequence: 7, writer: 'abc', key: 'x/ y\nz' });
    expect(toldBy('7 abc a ')).to.deep.equal({ sequence: 7, writer: 'abc', key: undefined });
    for (const foreign of ['', 'x', '7 abc', '7 abc z key', '-1 a k b', '99999999999999999 a k b'])
      expect(toldBy(foreign)).to.equal(undefined);
  });

  it('a slow reader gets one gap instead of a long list', async () => {
    const queue = new NewsQueue();
    for (let n = 0; n < 5000; n++) queue.push({ news: 'changed', key: `${n}` });
    const reader = queue.read();
    expect((await reader.next()).value).to.deep.equal(GAP);
    queue.end();
  });
});
