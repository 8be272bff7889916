// The table of paths of the server's own mounts (`sys`, `auth/token`, `identity`): their handlers see more of a request than a backend
// does (see route-table.ts for those). Unknown paths and verbs get the server's errors.
import { unsupportedOperation, unsupportedPath } from './backend.js';
import type { Operation } from './backend.js';
import type { CoreReply, CoreRequest } from './world.js';

/** Path parameters by name. */
export type Params = Readonly<Record<string, string>>;

/** Serves one verb of one path. */
export type Handler = (request: CoreRequest, params: Params) => CoreReply | undefined | Promise<CoreReply | undefined>;

/** One path pattern: `:name` stands for one segment, `*name` for all the rest. */
export interface Route {
  readonly pattern: string;
  readonly on: Readonly<Partial<Record<Operation, Handler>>>;
}

/** Makes a route. */
export function route(pattern: string, on: Route['on']): Route {
  return { pattern, on };
}

/** Finds and runs the handler. Throws 404 or 405 faults. */
export function routed(routes: readonly Route[]): (request: CoreRequest) => ReturnType<Handler> {
  const table = routes.map((item) => ({ on: item.on, match: matcher(item.pattern) }));
  return (request) => {
    const path = request.path.replace(/\/$/, '');
    let known = false;
    for (const item of table) {
      const params = item.match(path);
      if (params === undefined) continue;
      known = true;
      const handler = item.on[request.operation];
      if (handler !== undefined) return handler(request, params);
    }
    throw known ? unsupportedOperation() : unsupportedPath();
  };
}

function matcher(pattern: string): (path: string) => Params | undefined {
  const source = pattern
    .split('/')
    .map((segment) => {
      if (segment.startsWith(':')) return `(?<${segment.slice(1)}>[^/]+)`;
      return segment.startsWith('*') ? `(?<${segment.slice(1)}>.+)` : segment;
    })
    .join('/');
  const expression = new RegExp(`^${source}$`);
  return (path) => {
    const match = expression.exec(path);
    return match === null ? undefined : { ...match.groups };
  };
}
