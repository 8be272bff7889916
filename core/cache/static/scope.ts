// What a change means. Scopes are compared with reads under way and with what is held. Pure.
import { underPrefix } from '../request-path.js';
import type { Operation } from './name.js';

/** What is to go. `secret`: reads of these absolute paths and lists of those. `below`: by segment. `text`: by characters, as cache-clear has it. */
export type Scope =
  | { readonly by: 'all' }
  | { readonly by: 'secret'; readonly paths: ReadonlySet<string>; readonly lists: ReadonlySet<string> }
  | { readonly by: 'below'; readonly prefix: string }
  | { readonly by: 'text'; readonly prefix: string }
  | { readonly by: 'id'; readonly id: string }
  /** The permissions of one token, and of tokens that may be its children unless they are spared. */
  | { readonly by: 'token'; readonly digest: string; readonly children: boolean }
  | { readonly by: 'accessor'; readonly accessor: string; readonly children: boolean }
  /** The permissions of all tokens: policies, identities or the tokens of a whole auth method changed. */
  | { readonly by: 'tokens' };

/** A read, as far as scopes look at it. */
export interface Subject {
  readonly operation: Operation;
  readonly absolute: string;
}

/** True when the scope means this answer. */
export function meansAnswer(scope: Scope, { operation, absolute }: Subject): boolean {
  switch (scope.by) {
    case 'all':
      return true;
    case 'secret':
      return operation === 'list' ? scope.lists.has(absolute) : scope.paths.has(absolute);
    case 'below':
      return underPrefix(absolute, scope.prefix);
    case 'text':
      return absolute.startsWith(scope.prefix);
    default:
      return false;
  }
}

/** True when the scope means the permission of this token, of which no more than the digest may be known. */
export function meansReader(scope: Scope, digest: string): boolean {
  return scope.by === 'tokens' || (scope.by === 'token' && scope.digest === digest);
}
