import { expect } from 'chai';
import { NameMemo } from '../../../../core/cache/static/name-memo.js';

describe('the memory of names', () => {
  it('makes a plain read once, by namespace, and everything else each time', () => {
    const made: string[] = [];
    const memo = new NameMemo(({ path }) => (made.push(path), { path }));
    const get = { method: 'GET', path: '/v1/a', query: '', namespace: '' };
    expect(memo.of(get)).to.equal(memo.of({ ...get }));
    for (const other of [{ namespace: 'n/' }, { query: 'version=1' }, { query: 'version=1' }, { method: 'HEAD' }]) {
      memo.of({ ...get, ...other });
    }
    expect(made.length).to.equal(5);
  });

  it('is bounded', () => {
    let made = 0;
    const memo = new NameMemo(() => ++made);
    const read = (n: number): number => memo.of({ method: 'GET', path: `/v1/${n}`, query: '', namespace: `${n % 7}` });
    for (let n = 0; n < 4000; n++) read(n);
    expect([read(0), made]).to.deep.equal([1, 4000]);
    read(4000);
    expect([read(0), read(4000)]).to.deep.equal([4002, 4001]);
  });
});
