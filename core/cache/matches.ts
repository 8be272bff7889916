// Whether criteria mean one entry, or an answer that is still on its way and would become one. Pure.
import type { Criteria } from './criteria.js';
import type { Entry } from './entry.js';
import { underPrefix } from './request-path.js';

/** Criteria by pattern. */
export type Pattern = Extract<Criteria, { by: 'prefix' | 'namespace' | 'request-path' | 'logins' }>;

/** What of an entry, or of an entry to be, is looked at. */
export type Subject = Pick<Entry, 'kind' | 'namespace' | 'path' | 'home' | 'lease' | 'token' | 'accessor' | 'parent'>;

/** True when the pattern means this very entry, whatever it hangs on. Where an identity's login happened is unknown: no pattern means it. */
export function fits(subject: Subject, pattern: Pattern): boolean {
  switch (pattern.by) {
    case 'namespace':
      return subject.home.path !== '' && subject.home.namespace.startsWith(pattern.namespace);
    case 'request-path':
      return subject.kind !== 'identity' && requestedUnder(subject, pattern);
    case 'logins':
      return subject.kind === 'token' && isLoginOf(subject, pattern);
    case 'prefix':
      return (
        subject.home.path !== '' &&
        underPrefix(
          subject.home.namespace + (subject.lease === '' ? subject.home.path : subject.lease),
          pattern.namespace + pattern.prefix,
        )
      );
  }
}

/**
 * True when a removal by `criteria` may mean an answer that was on its way meanwhile, directly or by one of its ancestor tokens. Where an
 * accessor or the place of a login is unknown, it may.
 */
export function mayMean(criteria: Criteria, subject: Subject): boolean {
  switch (criteria.by) {
    case 'all':
      return true;
    case 'id':
      return false;
    case 'lease':
      return subject.lease === criteria.lease;
    case 'orphan':
      return subject.token === criteria.token || subject.parent?.token === criteria.token;
    case 'token':
      return someOf(subject, ({ token }) => token === criteria.token);
    case 'accessor':
      return someOf(subject, ({ kind, accessor }) =>
        accessor === '' ? kind !== 'lease' : accessor === criteria.accessor,
      );
    case 'request-path':
    case 'logins':
      return fits(subject, criteria);
    case 'prefix':
    case 'namespace':
      return someOf(subject, (one) => fits(one, criteria) || (one.home.path === '' && couldBeHome(criteria)));
  }
}

// an identity whose login place was not told: logins are below auth/
function couldBeHome(criteria: Pattern): boolean {
  return criteria.by === 'namespace' || (criteria.by === 'prefix' && underPrefix(criteria.prefix, 'auth'));
}

function someOf(subject: Subject, test: (subject: Subject) => boolean): boolean {
  for (let one: Subject | undefined = subject; one !== undefined; one = one.parent) if (test(one)) return true;
  return false;
}

// As it was requested, or with a namespace that was written in the path told apart from it (D-57).
function requestedUnder(
  { namespace, path, home }: Subject,
  pattern: Extract<Pattern, { by: 'request-path' }>,
): boolean {
  if (namespace === pattern.namespace && path.startsWith(pattern.path)) return true;
  return home.namespace === pattern.namespace && `/v1/${home.path}`.startsWith(pattern.path);
}

function isLoginOf({ home }: Subject, pattern: Extract<Pattern, { by: 'logins' }>): boolean {
  return home.namespace === pattern.namespace && underPrefix(pattern.path, mountOf(home.path));
}

/** The auth mount of a path such as `auth/team/approle/login`: what comes before the login, or the first two segments. */
export function mountOf(path: string): string {
  const at = path.indexOf('/login');
  if (at > 0) return path.slice(0, at);
  return path.split('/').slice(0, 2).join('/');
}
