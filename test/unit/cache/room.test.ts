import { expect } from 'chai';
import { Room } from '../../../core/cache/room.js';

describe('cache/room', () => {
  it('takes up to both limits and gives back', () => {
    const room = new Room({ maxEntries: 2, maxBytes: 100 });
    expect([room.take(60), room.take(60), room.take(40), room.take(0)]).to.deep.equal([true, false, true, false]);
    room.release(60);
    expect([room.entries, room.bytes, room.take(60)]).to.deep.equal([1, 40, true]);
  });

  it('has no limit where it says 0', () => {
    const room = new Room({ maxEntries: 0, maxBytes: 0 });
    expect(room.take(Number.MAX_SAFE_INTEGER)).to.equal(true);
  });

  it('lets static things go first, and refuses when there is none left', () => {
    const room = new Room({ maxEntries: 3, maxBytes: 0 });
    const statics = [10, 10];
    room.givesWay(() => {
      const gone = statics.pop();
      if (gone === undefined) return false;
      room.release(gone);
      return true;
    });
    statics.forEach((bytes) => room.take(bytes));
    expect([1, 2, 3, 4].map(() => room.take(1))).to.deep.equal([true, true, true, false]);
    expect(room.entries).to.equal(3);
  });

  it('does not empty itself for something that can never fit', () => {
    const room = new Room({ maxEntries: 0, maxBytes: 10 });
    let asked = 0;
    room.givesWay(() => {
      asked++;
      return false;
    });
    expect([room.take(11), asked]).to.deep.equal([false, 0]);
  });
});
