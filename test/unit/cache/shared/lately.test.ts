// What happened lately in a shared store.
import { expect } from 'chai';
import { Graves, NewsMemory } from '../../../../core/cache/shared/lately.js';

describe('cache/shared/lately', () => {
  it('R-7: a key that changed while it was read is told, another is not', () => {
    const news = new NewsMemory();
    news.add('x/a');
    const since = news.moment;
    expect([news.changed('x/a', since), news.changed('x/b', since)]).to.deep.equal([false, false]);
    news.add('x/a');
    expect([news.changed('x/a', since), news.changed('x/b', since)]).to.deep.equal([true, false]);
  });

  it('R-7: after a gap every key may have changed; so it is when there were too many to remember', () => {
    const news = new NewsMemory();
    for (const gap of [() => news.add(undefined), () => Array.from({ length: 2000 }, (_, n) => news.add(`x/${n}`))]) {
      const since = news.moment;
      gap();
      expect(news.changed('x/never', since)).to.equal(true);
      expect(news.changed('x/never', news.moment)).to.equal(false);
    }
  });

  it('ids of what was removed for all are remembered, in bounded memory, the ended ones least', () => {
    const graves = new Graves();
    graves.add('ended', 10, 0);
    graves.add('dead', Infinity, 0);
    for (let n = 0; n < 999; n++) graves.add(`g${n}`, 100, 50);
    expect(['ended', 'dead', 'g0', 'g998'].map((id) => graves.has(id))).to.deep.equal([false, true, true, true]);
    graves.add('one more', 100, 50);
    expect([graves.has('dead'), graves.has('one more')]).to.deep.equal([false, true]);
  });
});
