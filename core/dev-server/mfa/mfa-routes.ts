// `identity/mfa/*` and `sys/mfa/validate`: TOTP methods, keys for entities, login enforcements, and the second half of a login. Only TOTP.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { randomUuid } from '../chance.js';
import { optionalList, optionalText } from '../fields.js';
import { route } from '../routes.js';
import type { Route } from '../routes.js';
import type { CoreReply, CoreRequest, World } from '../world.js';
import type { Enforcement } from './login-mfa.js';
import { readMethod, shownMethod } from './totp-method.js';
import type { TotpMethod } from './totp-method.js';

/** Path of `sys/` that needs no token. */
export const OPEN_MFA_PATHS = ['mfa/validate'];

/** Routes below `identity/`. */
export function mfaIdentityRoutes(world: World): Route[] {
  const { methods } = world.mfa;
  return [
    route('mfa/method/totp', {
      write: ({ body }) => ({ data: { method_id: saved(world, readMethod(randomUuid(), body)) } }),
      list: () => keysOf(methods.keys()),
    }),
    route('mfa/method/totp/admin-generate', { write: ({ body }) => generate(world, body) }),
    route('mfa/method/totp/admin-destroy', {
      write: ({ body }) => {
        world.mfa.destroy(methodIn(world, body).id, entityIn(world, body));
        return undefined;
      },
    }),
    route('mfa/method/totp/:id', {
      read: (_request, { id = '' }) => {
        const method = methods.get(id);
        return method && { data: shownMethod(method) };
      },
      write: ({ body }, { id = '' }) => {
        saved(world, readMethod(id, body, methods.get(id)));
        return undefined;
      },
      delete: (_request, { id = '' }) => {
        methods.delete(id);
        return undefined;
      },
    }),
    ...enforcementRoutes(world),
  ];
}

function enforcementRoutes(world: World): Route[] {
  const { enforcements } = world.mfa;
  const key = (request: CoreRequest, name: string): string => `${request.place.path}|${name}`;
  return [
    route('mfa/login-enforcement', {
      list: ({ place }) => {
        const own = [...enforcements.values()].filter(({ namespace }) => namespace === place.path);
        return keysOf(own.map(({ name }) => name));
      },
    }),
    route('mfa/login-enforcement/:name', {
      read: (request, { name = '' }) => {
        const found = enforcements.get(key(request, name));
        return found && { data: shownEnforcement(found) };
      },
      write: (request, { name = '' }) => {
        enforcements.set(key(request, name), readEnforcement(world, request, name));
        return undefined;
      },
      delete: (request, { name = '' }) => {
        enforcements.delete(key(request, name));
        return undefined;
      },
    }),
  ];
}

/** The route below `sys/`. */
export function mfaValidateRoutes(world: World): Route[] {
  return [
    route('mfa/validate', {
      write: ({ body, place }) => {
        const id = optionalText(body, 'mfa_request_id') ?? '';
        if (id === '') throw fault(400, 'missing request ID');
        if (body['mfa_payload'] === undefined) throw fault(400, 'missing mfa payload');
        const issued = world.mfa.validate(id, place.path, payloadOf(body['mfa_payload']));
        return { shown: issued, warnings: issued.warnings };
      },
    }),
  ];
}

function payloadOf(value: unknown): Record<string, readonly string[]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw fault(400, 'invalid mfa payload');
  const entries = Object.entries(value).map(([id, codes]): [string, readonly string[]] => {
    if (!Array.isArray(codes) || !codes.every((code) => typeof code === 'string'))
      throw fault(400, 'invalid mfa payload');
    return [id, codes];
  });
  return Object.fromEntries(entries);
}

function saved(world: World, method: TotpMethod): string {
  world.mfa.methods.set(method.id, method);
  return method.id;
}

function methodIn(world: World, body: Fields): TotpMethod {
  const id = optionalText(body, 'method_id') ?? '';
  if (id === '') throw fault(400, 'missing method ID');
  const method = world.mfa.methods.get(id);
  if (method === undefined) throw fault(400, `configuration for method ID "${id}" does not exist`);
  return method;
}

function entityIn(world: World, body: Fields): string {
  const id = optionalText(body, 'entity_id') ?? '';
  if (id === '') throw fault(400, 'missing entity ID');
  if (world.identity.describe(id) === undefined) throw fault(400, 'invalid entity ID');
  return id;
}

function generate(world: World, body: Fields): CoreReply {
  const method = methodIn(world, body);
  const url = world.mfa.generate(method, entityIn(world, body));
  if (url === undefined) return { warnings: [`Entity already has a secret for MFA method "${method.name}"`] };
  return { data: { barcode: '', url } };
}

function readEnforcement(world: World, { body, place }: CoreRequest, name: string): Enforcement {
  const methodIds = optionalList(body, 'mfa_method_ids');
  if (methodIds === undefined) throw fault(400, 'missing method ids');
  if (methodIds.some((id) => !world.mfa.methods.has(id)))
    throw fault(400, "one of the provided method ids doesn't exist");
  const list = (field: string): string[] => optionalList(body, field) ?? [];
  const [accessors, types, entityIds] = [
    list('auth_method_accessors'),
    list('auth_method_types'),
    list('identity_entity_ids'),
  ];
  if (entityIds.some((id) => world.identity.describe(id) === undefined))
    throw fault(400, "one of the provided entity ids doesn't exist");
  if (accessors.length + types.length + entityIds.length === 0)
    throw fault(
      400,
      'One of auth_method_accessors, auth_method_types, identity_group_ids, identity_entity_ids must be specified',
    );
  return { name, namespace: place.path, methodIds, accessors, types, entityIds };
}

function shownEnforcement({ name, methodIds, accessors, types, entityIds }: Enforcement): Fields {
  return {
    name,
    mfa_method_ids: methodIds,
    auth_method_accessors: accessors,
    auth_method_types: types,
    identity_entity_ids: entityIds,
    identity_group_ids: [],
  };
}

function keysOf(keys: Iterable<string>): CoreReply | undefined {
  const sorted = [...keys].sort();
  return sorted.length === 0 ? undefined : { data: { keys: sorted } };
}
