// Whether the answer to a request will hold a new secret, judged by the shapes of the known engines and by what the same path answered before.
import { inOrder } from '../kernel/in-order.js';
import { canonicalPath } from './request-path.js';

/** `surely`: abandoning the request would lose a secret. `never`: it is a plain read, and no answer to it has been stored. */
export type Issues = 'surely' | 'perhaps' | 'never';

const MOST_PATHS = 2000;
/** Longer ones are not remembered: clients choose them. */
const LONGEST_PATH = 1024;
const SECRET =
  /\/(?:creds|sts|token|key|issue|sign|session|access_token|credentials?|otp|generate)(?:\/|$)|\/auth\/token\/create/;
// kv 2 and identities hand out no leases
const PLAIN = /^\/v1\/(?:.*\/)?(?:[^/]+\/(?:data|metadata|subkeys|delete|undelete|destroy)\/|identity\/)/;

/** Remembers which reads were answered with a secret of their own and which with plain data. Bounded. */
export class IssueMemory {
  readonly #issued = new Map<string, boolean>();

  /** Judges a request that is a cache candidate. */
  judge(method: string, path: string, query: string): Issues {
    const known = method === 'GET' ? this.#issued.get(path) : undefined;
    if (known !== undefined) return known ? 'surely' : 'never';
    if (method === 'GET' && query !== '' && /(?:^|&)list=true/.test(query)) return 'never';
    const clean = canonicalPath(path);
    if (PLAIN.test(clean)) return 'never';
    return SECRET.test(clean) || inOrder(clean, '/auth/', '/login') ? 'surely' : 'perhaps';
  }

  /** A read was answered: with a secret of its own, or with plain data. A path that issued once counts as one that issues. */
  learn(method: string, path: string, issued: boolean): void {
    const known = method === 'GET' ? this.#issued.get(path) : issued;
    if (known === issued || known === true || path.length > LONGEST_PATH) return;
    if (this.#issued.size >= MOST_PATHS) this.#issued.clear();
    this.#issued.set(path, issued);
  }
}
