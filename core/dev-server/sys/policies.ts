// `sys/policies/acl` and the old `sys/policy`.
import { fault } from '../backend.js';
import { optionalText } from '../fields.js';
import { route } from '../routes.js';
import type { Handler, Route } from '../routes.js';
import type { World } from '../world.js';

/** Routes of the policy endpoints. */
export function policyRoutes(world: World): Route[] {
  const write: Handler = (request, { name = '' }) => {
    const text = optionalText(request.body, 'policy') ?? optionalText(request.body, 'rules') ?? '';
    if (text === '') throw fault(400, "'policy' parameter not supplied or empty");
    request.place.policies.set(name.toLowerCase(), policyText(text), world.clock.now());
    return undefined;
  };
  const remove: Handler = (request, { name = '' }) => {
    request.place.policies.remove(name.toLowerCase());
    return undefined;
  };
  const names: Handler = (request) => ({
    data: { keys: [...request.place.policies.names(), ...root(request.place.path)] },
  });
  const oldNames: Handler = (request) => {
    const all = [...request.place.policies.names(), ...root(request.place.path)];
    return { data: { keys: all, policies: all }, inlined: { keys: all, policies: all } };
  };
  return [
    route('policies/acl', { list: names, read: names }),
    route('policies/acl/:name', {
      read: (request, { name = '' }) => {
        const data = request.place.policies.describe(name.toLowerCase(), 'policy');
        return data === undefined ? undefined : { data };
      },
      write,
      delete: remove,
    }),
    route('policy', { list: oldNames, read: oldNames }),
    route('policy/:name', {
      read: (request, { name = '' }) => {
        const data = request.place.policies.describe(name.toLowerCase(), 'rules');
        return data === undefined ? undefined : { data, inlined: data };
      },
      write,
      delete: remove,
    }),
  ];
}

function root(namespace: string): string[] {
  return namespace === '' ? ['root'] : [];
}

/** A policy may come as base64. */
function policyText(text: string): string {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return text;
  return Buffer.from(text, 'base64').toString('utf8');
}
