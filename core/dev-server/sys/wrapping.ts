// `sys/wrapping/*`: wrapping data, opening parcels once, looking at them, handing them on under a new token.
import { fault } from '../backend.js';
import { optionalText } from '../fields.js';
import { admit, identify } from '../gate.js';
import { route } from '../routes.js';
import type { Route } from '../routes.js';
import type { TokenEntry, Wrapped } from '../tokens/token-entry.js';
import { wrapAnswer } from '../tokens/wrap.js';
import { moment } from '../wire/moment.js';
import type { CoreReply, CoreRequest, World } from '../world.js';

/** Paths that check their tokens themselves. */
export const OPEN_WRAPPING_PATHS = ['wrapping/unwrap', 'wrapping/lookup', 'wrapping/rewrap'];

/** Routes of the wrapping endpoints. */
export function wrappingRoutes(world: World): Route[] {
  return [
    route('wrapping/wrap', {
      write: (request) => {
        if (request.wrapMs === 0) throw fault(400, 'endpoint requires response wrapping to be used');
        return { data: request.body };
      },
    }),
    route('wrapping/unwrap', { write: (request) => unwrap(world, request) }),
    route('wrapping/lookup', { write: (request) => lookup(world, request), read: (request) => lookup(world, request) }),
    route('wrapping/rewrap', { write: (request) => rewrap(world, request) }),
  ];
}

interface Parcel {
  readonly entry: TokenEntry;
  readonly wrapped: Wrapped;
}

function parcelOf(world: World, request: CoreRequest): Parcel {
  const named = optionalText(request.body, 'token') ?? '';
  const entry = world.tokens.find(named === '' ? request.tokenText : named);
  if (entry?.wrapped === undefined) throw fault(400, 'wrapping token is not valid or does not exist');
  return { entry, wrapped: entry.wrapped };
}

/** A caller that comes with a token of its own needs leave to use it here. */
async function admitCaller(world: World, request: CoreRequest, parcel: Parcel): Promise<void> {
  if (request.tokenText === '' || request.tokenText === parcel.entry.id) return;
  const caller = identify(world, request.tokenText, request.remoteAddress);
  const { spent } = admit(world, caller, {
    path: request.place.path + request.fullPath,
    capability: 'update',
    sudo: false,
    body: request.body,
    wrapMs: 0,
    remoteAddress: request.remoteAddress,
    help: false,
  });
  if (spent) await world.tokens.revoke(caller);
}

async function unwrap(world: World, request: CoreRequest): Promise<CoreReply> {
  const parcel = parcelOf(world, request);
  await admitCaller(world, request, parcel);
  await world.tokens.revoke(parcel.entry);
  return { raw: { contentType: 'application/json', body: parcel.wrapped.text } };
}

function lookup(world: World, request: CoreRequest): CoreReply {
  const { entry, wrapped } = parcelOf(world, request);
  return {
    data: {
      creation_path: wrapped.creationPath,
      creation_time: moment(entry.createdAtMs),
      creation_ttl: Math.floor(wrapped.ttlMs / 1000),
    },
  };
}

async function rewrap(world: World, request: CoreRequest): Promise<CoreReply> {
  const parcel = parcelOf(world, request);
  await admitCaller(world, request, parcel);
  await world.tokens.revoke(parcel.entry);
  return { rewrapped: wrapAnswer(world, parcel.entry.namespace, parcel.wrapped) };
}
