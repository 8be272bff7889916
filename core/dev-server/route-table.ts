// Routes of a backend as a table: path patterns and, for each, what every operation does.
// It promises the server's answers for paths and verbs that are not in the table; it knows no endpoint.
import { unsupportedOperation, unsupportedPath } from './backend.js';
import type { Backend, BackendReply, BackendRequest, Fields, Operation } from './backend.js';

/** A request that found its route. */
export interface Call {
  readonly request: BackendRequest;
  readonly body: Fields;
  /** What stood in the path for `:name` or `*name`. */
  param(name: string): string;
}

/** What one operation on one route does. */
export type Handler = (call: Call) => BackendReply | undefined | Promise<BackendReply | undefined>;

/** `role/:name` takes one name (letters, digits, `_`, and `-` or `.` inside), `data/*path` takes the rest, which may be empty. */
export interface Route {
  readonly path: string;
  readonly on: Readonly<Partial<Record<Operation, Handler>>>;
  /** Whether a write would be an update; absent: it always is. */
  readonly exists?: (call: Call) => boolean;
}

const NAME = String.raw`\w(?:[\w.-]*\w)?`;

interface Compiled extends Route {
  readonly pattern: RegExp;
}

/** The two request functions of a backend. The first route that matches counts. */
export function routeTable(routes: readonly Route[]): Required<Pick<Backend, 'handle' | 'exists'>> {
  const table = routes.map((route): Compiled => ({ ...route, pattern: compile(route.path) }));
  return {
    handle: (request) => {
      const found = find(table, request);
      if (found === undefined) throw unsupportedPath();
      const handler = found.route.on[request.operation];
      if (handler === undefined) throw unsupportedOperation();
      return handler(found.call);
    },
    exists: (request) => {
      const found = find(table, request);
      return found?.route.exists?.(found.call) ?? true;
    },
  };
}

function compile(path: string): RegExp {
  const rest = path.includes('*');
  const body = path
    .split('/')
    .map((part) => (part.startsWith(':') ? `(?<${part.slice(1)}>${NAME})` : part))
    .map((part) => (part.startsWith('*') ? `(?<${part.slice(1)}>.*)` : part))
    .join('/');
  return new RegExp(rest ? `^${body}$` : `^${body}/?$`, 's');
}

function find(table: readonly Compiled[], request: BackendRequest): { route: Compiled; call: Call } | undefined {
  for (const route of table) {
    const match = route.pattern.exec(request.path);
    if (match === null) continue;
    const groups = match.groups ?? {};
    return { route, call: { request, body: request.body, param: (name) => groups[name] ?? '' } };
  }
  return undefined;
}

/** Keys directly below `prefix` as LIST shows them: sorted, folders once and with a slash at the end. */
export function listBelow(keys: Iterable<string>, prefix: string): string[] {
  const found = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(prefix) || key === prefix) continue;
    const rest = key.slice(prefix.length);
    const slash = rest.indexOf('/');
    found.add(slash < 0 ? rest : rest.slice(0, slash + 1));
  }
  return [...found].sort();
}

/** The answer to LIST: keys, or nothing (404) when there are none. */
export function listReply(keys: readonly string[]): BackendReply | undefined {
  return keys.length === 0 ? undefined : { data: { keys: [...keys] } };
}

/** The answer to SCAN: all keys below; unlike LIST an empty answer is a 200 without keys (recorded). */
export function scanReply(keys: Iterable<string>, prefix: string): BackendReply {
  const below = [...keys].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  return { data: below.length === 0 ? {} : { keys: below.sort() } };
}
