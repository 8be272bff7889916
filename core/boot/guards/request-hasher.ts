// Guard of a request hasher: a digest that throws or is not short ASCII text makes the request uncacheable, never an error.
import type { HashInput, RequestHasher } from '../../sdk/index.js';

const DIGEST = /^[\x21-\x7e]{1,128}$/;

/** Wraps a hasher; an empty digest means "do not cache this request". */
export function guardHasher(hasher: RequestHasher, report: (why: string) => void): RequestHasher {
  let checked = 0;
  return {
    digest: (input: HashInput) => {
      try {
        const digest = hasher.digest(input);
        // the shape of a well-behaved hasher's output does not change; check the first ones, then trust its length
        if (checked < 100 ? (checked++, DIGEST.test(digest)) : digest.length <= 128) return digest;
        report('its digest is not ASCII text of 1 to 128 characters');
      } catch (error) {
        report((error as Error).message);
      }
      return '';
    },
  };
}
