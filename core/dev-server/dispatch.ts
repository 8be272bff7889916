// One request through the server: namespace, mount, permission, backend, answer. Everything that can go wrong becomes an error answer.
import { fault, isFault } from './backend.js';
import type { Operation } from './backend.js';
import { finish } from './finish.js';
import { admit, identify } from './gate.js';
import { helpAnswer } from './help.js';
import { matchesAny } from './paths.js';
import type { Located } from './mounts/mount-table.js';
import type { Placed } from './mounts/namespaces.js';
import type { Capability } from './policy/rules.js';
import { tokenView } from './tokens/token-entry.js';
import type { TokenEntry } from './tokens/token-entry.js';
import { emptyAnswer, errorAnswer } from './wire/answer.js';
import type { Answer } from './wire/answer.js';
import { decodeCall } from './wire/decode.js';
import type { Call, RawCall } from './wire/decode.js';
import type { CoreReply, CoreRequest, World } from './world.js';

const SELF_PATHS = ['auth/token/lookup-self', 'auth/token/renew-self', 'auth/token/revoke-self'];

/** Answers one request. Never rejects. */
export async function dispatch(world: World, raw: RawCall): Promise<Answer> {
  try {
    return await run(world, decodeCall(raw));
  } catch (error) {
    if (isFault(error)) return errorAnswer(error.fault.status, ...error.fault.errors);
    return errorAnswer(500, error instanceof Error ? error.message : String(error));
  }
}

async function run(world: World, call: Call): Promise<Answer> {
  const placed = placeOf(world, call);
  const located = placed.namespace.mounts.locate(placed.path);
  const backend = located?.mount.backend;
  if (located !== undefined && backend !== undefined && matchesAny(backend.unauthenticated ?? [], located.path)) {
    const entry = world.tokens.find(call.token);
    return serve(world, located, coreRequest(call, { placed, located, entry }));
  }
  const caller = identify(world, call.token, call.remoteAddress);
  const home = atHome(caller, placed);
  const mount = home.namespace.mounts.locate(home.path);
  const request = coreRequest(call, { placed: home, located: mount, entry: caller });
  const help = call.operation === 'read' && call.query.has('help');
  const { entry, spent } = admit(world, caller, {
    path: home.namespace.path + home.path,
    capability: capabilityOf(request, mount),
    sudo: mount !== undefined && matchesAny(mount.mount.backend.sudo ?? [], mount.path),
    body: call.fields,
    wrapMs: call.wrapMs,
    remoteAddress: call.remoteAddress,
    help,
  });
  try {
    if (mount === undefined) throw fault(404, `no handler for route "${home.path}". route entry not found.`);
    if (help) return helpAnswer(mount);
    return await serve(world, mount, request);
  } finally {
    if (spent) await world.tokens.revoke(entry);
  }
}

function placeOf(world: World, call: Call): Placed {
  const placed = world.namespaces.place(call.namespaceHeader, call.path);
  if (placed === undefined) throw fault(404, 'namespace not found');
  return placed;
}

/** A token that asks about itself from outside its namespace is answered where it lives. */
function atHome(entry: TokenEntry, placed: Placed): Placed {
  const inside = placed.namespace.path.startsWith(entry.namespace.path);
  return inside || !matchesAny(SELF_PATHS, placed.path) ? placed : { namespace: entry.namespace, path: placed.path };
}

async function serve(world: World, located: Located, request: CoreRequest): Promise<Answer> {
  const reply = (await located.mount.backend.handle(request)) as CoreReply | undefined;
  if (reply === undefined) return nothing(request.operation);
  return finish(world, { request, reply, mount: located.mount });
}

function nothing(operation: Operation): Answer {
  return ['read', 'list', 'scan'].includes(operation) ? errorAnswer(404) : emptyAnswer();
}

function capabilityOf(request: CoreRequest, located: Located | undefined): Capability {
  if (request.operation !== 'write') return request.operation;
  const exists = located?.mount.backend.exists?.(request) ?? true;
  return exists ? 'update' : 'create';
}

function coreRequest(
  call: Call,
  at: { readonly placed: Placed; readonly located: Located | undefined; readonly entry: TokenEntry | undefined },
): CoreRequest {
  const { placed, located, entry } = at;
  return {
    operation: call.operation,
    method: call.method,
    path: located?.path ?? placed.path,
    fullPath: placed.path,
    body: call.fields,
    query: call.query,
    header: call.header,
    rawHeaders: call.rawHeaders,
    token: entry === undefined ? undefined : tokenView(entry),
    certificates: call.certificates,
    remoteAddress: call.remoteAddress,
    namespace: placed.namespace.path,
    place: placed.namespace,
    entry,
    tokenText: call.token,
    wrapMs: call.wrapMs,
  };
}
