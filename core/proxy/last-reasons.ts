// Why the last request for a path was no hit: what `cache explain` tells besides its own judgement. Small and bounded, as clients choose the paths. It
// must not know what a reason means.
import type { Exchange } from '../contracts/exchange.js';

type Asked = Pick<Exchange, 'method' | 'path' | 'namespace'>;

/** How many paths are remembered, and how long one may be. */
export const MOST_PATHS = 1000;
const LONGEST = 512;
/** Paths of these may hold a token or the id of a lease; their reason shows in the path itself. */
const UNTOLD: ReadonlySet<string> = new Set(['system', 'token-upkeep']);

/** The last reasons. All listeners of a process share one. */
export class LastReasons {
  readonly #reasons = new Map<string, string>();

  /** Remembers a reason code; the path that was not asked for longest leaves when there are too many. */
  note(exchange: Asked, why: string): void {
    if (exchange.path.length > LONGEST || UNTOLD.has(why)) return;
    const key = keyOf(exchange);
    this.#reasons.delete(key);
    this.#reasons.set(key, why);
    if (this.#reasons.size <= MOST_PATHS) return;
    const [oldest] = this.#reasons.keys();
    this.#reasons.delete(oldest!);
  }

  /** The reason code, or undefined. */
  of(exchange: Asked): string | undefined {
    return this.#reasons.get(keyOf(exchange));
  }
}

const keyOf = ({ method, path, namespace }: Asked): string => `${method} ${namespace} ${path}`;
