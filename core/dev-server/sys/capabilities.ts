// `sys/capabilities*`: what a token may do on paths.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalList, optionalText } from '../fields.js';
import { aclOf } from '../gate.js';
import { route } from '../routes.js';
import type { Route } from '../routes.js';
import type { TokenEntry } from '../tokens/token-entry.js';
import type { CoreReply, CoreRequest, World } from '../world.js';

const MOST_PATHS = 999;

/** Routes of the capability endpoints. */
export function capabilityRoutes(world: World): Route[] {
  return [
    route('capabilities-self', { write: (request) => answer(world, request, request.entry) }),
    route('capabilities', {
      write: (request) => answer(world, request, world.tokens.find(optionalText(request.body, 'token') ?? '')),
    }),
    route('capabilities-accessor', {
      write: (request) => {
        const accessor = optionalText(request.body, 'accessor') ?? '';
        return answer(world, request, world.tokens.findByAccessor(accessor));
      },
    }),
  ];
}

function answer(world: World, request: CoreRequest, entry: TokenEntry | undefined): CoreReply {
  if (entry === undefined) throw fault(400, 'invalid token');
  const paths = optionalList(request.body, 'paths') ?? optionalList(request.body, 'path') ?? [];
  if (paths.length === 0) throw fault(400, 'paths must be supplied');
  if (paths.length > MOST_PATHS) throw fault(400, 'too many paths');
  const acl = aclOf(world, entry);
  const entries = paths.map((path) => [path, acl.capabilities(request.place.path + path)] as const);
  const only = paths.length === 1 ? entries.map(([, list]) => ['capabilities', list] as const) : [];
  const data: Fields = Object.fromEntries([...entries, ...only]);
  return { data, inlined: data };
}
