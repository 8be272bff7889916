import { expect } from 'chai';
import { Entry } from '../../../core/cache/entry.js';

describe('cache/entry', () => {
  const entry = (): Entry =>
    new Entry({ kind: 'lease', namespace: '', path: '/v1/a/b', home: { namespace: '', path: 'a/b' }, lease: 'a/b/1' });

  it('has an id of its own that stays, though it is made when it is first asked for', () => {
    const [one, two] = [entry(), entry()];
    const { id } = one;
    expect(id).to.match(/^[0-9a-f]{24}$/);
    expect(one.id).to.equal(id);
    expect(two.id).not.to.equal(id);
  });

  it('keeps none, one and several request keys, and a staleness that may be taken back', () => {
    const one = entry();
    expect(one.keys).to.deep.equal([]);
    for (const keys of [['a'], ['a', 'b'], []]) {
      one.keys = keys;
      expect(one.keys).to.deep.equal(keys);
    }
    expect(one.staleAt).to.equal(Infinity);
    one.staleAt = 5;
    expect(one.staleAt).to.equal(5);
    one.staleAt = Infinity;
    expect(one.staleAt).to.equal(Infinity);
  });
});
