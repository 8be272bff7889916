// Reads request targets: what is redirected, refused or decoded. Pure.

/** A request target taken apart; all but `path` end the request. `page` is where the real server has its web interface. */
export type Target =
  | { readonly kind: 'path'; readonly path: string; readonly query: URLSearchParams }
  | { readonly kind: 'redirect'; readonly location: string }
  | { readonly kind: 'page' }
  | { readonly kind: 'refused'; readonly status: number; readonly errors: readonly string[] };

/**
 * `//`, `/./` and `/../` redirect to the clean path, `/` and `/ui` to `/ui/`; other paths outside `/v1/` are 404; encoded dots are refused.
 */
export function readTarget(raw: string): Target {
  const cut = raw.indexOf('?');
  const rawPath = cut < 0 ? raw : raw.slice(0, cut);
  const search = cut < 0 ? '' : raw.slice(cut);
  const clean = cleanPath(rawPath);
  if (clean !== rawPath) return { kind: 'redirect', location: clean + search };
  if (rawPath === '/' || rawPath === '/ui') return { kind: 'redirect', location: `/ui/${search}` };
  if (rawPath === '/ui/') return { kind: 'page' };
  if (!rawPath.startsWith('/v1/')) return { kind: 'refused', status: 404, errors: [] };
  const path = decoded(rawPath.slice(4));
  if (path === undefined || /[\p{Cc}\p{Cs}]/u.test(path)) return { kind: 'refused', status: 400, errors: [] };
  if (path.split('/').some((segment) => segment === '..')) {
    return { kind: 'refused', status: 400, errors: ['relative paths not supported'] };
  }
  return { kind: 'path', path, query: new URLSearchParams(search) };
}

function cleanPath(path: string): string {
  const out: string[] = [];
  const segments = path.split('/').slice(1);
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === '..') out.pop();
    if (segment === '' && !last) continue;
    if (segment === '.' || segment === '..') {
      if (last) out.push('');
    } else out.push(segment);
  }
  return `/${out.join('/')}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
