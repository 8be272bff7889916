// A written path -> what it changes: all endpoints of one secret, and the lists above it (D-67, D-69). Pure. It does not know where mounts begin, so it
// takes each segment that may be an endpoint for one: it may mean too much, never too little.
import type { Scope } from './scope.js';

const ENDPOINTS = new Set(['data', 'metadata', 'subkeys', 'delete', 'undelete', 'destroy', 'detailed-metadata']);
const READ = ['data', 'metadata', 'subkeys'];
const LISTED = ['metadata', 'detailed-metadata'];
const MOST_ENDPOINTS = 6;
const LONGEST = 1024;

/** What a write to `absolute` (canonical namespace and path, no slash at the end) changes. */
export function writtenBy(absolute: string): Scope {
  const segments = absolute.split('/');
  if (absolute.length > LONGEST) return { by: 'below', prefix: segments[0]! };
  const places = segments.flatMap((segment, at) => (at > 0 && ENDPOINTS.has(segment) ? [at] : []));
  if (places.length > MOST_ENDPOINTS) return { by: 'below', prefix: segments.slice(0, places[0]).join('/') };
  if (segments.length > 1 && segments.at(-1) === 'config') {
    return { by: 'below', prefix: segments.slice(0, -1).join('/') };
  }
  const lists = new Set(ancestors(segments));
  const paths = new Set([absolute]);
  for (const at of places) {
    for (const endpoint of READ) paths.add(segments.with(at, endpoint).join('/'));
    for (const endpoint of LISTED) for (const list of ancestors(segments.with(at, endpoint))) lists.add(list);
  }
  return { by: 'secret', paths, lists };
}

function ancestors(segments: readonly string[]): string[] {
  let path = '';
  return segments.map((segment) => (path = path === '' ? segment : `${path}/${segment}`));
}
