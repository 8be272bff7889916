// Remembers what was made of a path, so that a hit on a plain read costs no text operations. Bounded; it must not know what it remembers.
import type { NamedRequest } from './name.js';

const MOST = 4000;

/** Remembers a value for each path of a namespace that is read without a query. */
export class NameMemo<T> {
  readonly #make: (request: NamedRequest) => T;
  readonly #known = new Map<string, Map<string, T>>();
  #count = 0;

  constructor(make: (request: NamedRequest) => T) {
    this.#make = make;
  }

  /** The value for a request. */
  of(request: NamedRequest): T {
    const { method, path, query, namespace } = request;
    if (method !== 'GET' || query !== '') return this.#make(request);
    let paths = this.#known.get(namespace);
    const known = paths?.get(path);
    if (known !== undefined) return known;
    if (this.#count >= MOST) this.forget();
    paths = this.#known.get(namespace);
    if (paths === undefined) this.#known.set(namespace, (paths = new Map<string, T>()));
    const value = this.#make(request);
    paths.set(path, value);
    this.#count++;
    return value;
  }

  /** Forgets all. */
  forget(): void {
    this.#known.clear();
    this.#count = 0;
  }
}
