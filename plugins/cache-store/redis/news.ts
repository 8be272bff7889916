// News between the one who hears them and the one who reads them. Bounded: a reader that is slow gets a gap instead of a long list.
import type { StoreNews } from 'claviger/sdk';

const MOST = 1000;

/** A queue of news with one reader. */
export class NewsQueue {
  #waiting: StoreNews[] = [];
  #wake: () => void = () => undefined;
  #ended = false;

  /** Adds news. */
  push(news: StoreNews): void {
    const last = this.#waiting.at(-1)?.news;
    if (last === news.news && news.news !== 'changed') return;
    if (news.news === 'gap' || this.#waiting.length >= MOST) this.#waiting = [{ news: 'gap' }];
    else this.#waiting.push(news);
    this.#wake();
  }

  /** Lets the reader end. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** All news in order, until the end. */
  async *read(): AsyncGenerator<StoreNews, void, undefined> {
    while (!this.#ended) {
      const next = this.#waiting.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
