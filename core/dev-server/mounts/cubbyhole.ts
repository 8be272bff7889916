// The mount `cubbyhole/`: a small room per token, gone with it. The old way to open a wrapping token (`cubbyhole/response`) works too.
import { fault } from '../backend.js';
import type { Backend } from '../backend.js';
import type { CoreReply, CoreRequest } from '../world.js';
import { keysBelow } from './keys.js';

/** Makes the mount. */
export function createCubbyhole(): Backend {
  return { handle: (request) => serve(request as CoreRequest) };
}

function serve(request: CoreRequest): CoreReply | undefined {
  const entry = request.entry;
  if (entry === undefined) throw fault(403, 'permission denied');
  if (entry.type === 'batch') throw fault(400, 'cubbyhole operations are only supported by service tokens');
  const room = entry.cubbyhole;
  switch (request.operation) {
    case 'read': {
      if (request.path === 'response' && entry.wrapped) return { data: { response: entry.wrapped.text } };
      const data = room.get(request.path);
      return data === undefined ? undefined : { data };
    }
    case 'list': {
      const keys = keysBelow(room.keys(), request.path);
      return keys.length === 0 ? undefined : { data: { keys } };
    }
    case 'delete':
      room.delete(request.path);
      return undefined;
    case 'write':
      if (Object.keys(request.body).length === 0) throw fault(400, 'missing data fields');
      room.set(request.path, request.body);
      return undefined;
    default:
      throw fault(405, 'unsupported operation');
  }
}
