// DI slots: key, decorator and documentation in one (architecture 2.12). Authors never import tsyringe.
import { inject, injectable } from './tsyringe.js';
import { agentError } from './errors.js';
import type { Clock, Env as EnvType, Health, Logger, State as StateType, Vault } from './host.js';

/** A typed place to inject from. Use it as a parameter decorator: `constructor(@Settings private readonly settings: Mine)`. */
export type Slot<T> = ParameterDecorator & { readonly key: symbol; readonly T?: T };

/** Makes a slot. Keys are shared across SDK copies. */
export function slot<T>(name: string): Slot<T> {
  const key = Symbol.for(`claviger.slot.${name}`);
  return Object.assign(inject(key) as ParameterDecorator, { key });
}

/** The validated, frozen block of this component. */
export const Settings = slot<unknown>('settings');
/** Auth mount path without trailing slash, such as `auth/approle` (auth methods only). */
export const Mount = slot<string>('mount');
/** Logger, already named and redacting. */
export const Log = slot<Logger>('log');
/** Client of the upstream server, without token. */
export const Upstream = slot<Vault>('upstream');
/** Time. */
export const Time = slot<Clock>('time');
/** Health of this component. */
export const Report = slot<Health>('health');
/** The environment variables that the manifest names. */
export const Env = slot<EnvType>('env');
/** Sealed state of this component. */
export const State = slot<StateType>('state');

/** All slots by name: the whole vocabulary of SDK 1. */
export const SLOTS = { Settings, Mount, Log, Upstream, Time, Report, Env, State } as const;

type Class = new (...args: never[]) => object;

/** Class decorator of every plugin. */
export const plugin = injectable as () => <T extends Class>(target: T) => void;

/** The same for plain JavaScript: `export default definePlugin(Mine, [Settings, Log])`; slots in the order of the constructor's parameters. */
export function definePlugin<T extends Class>(target: T, slots: readonly Slot<unknown>[]): T {
  slots.forEach((decorate, index) => decorate(target, undefined, index));
  plugin()(target);
  return target;
}

/**
 * Makes a plugin without a container: fills each parameter with the value of its slot. Throws PLUGIN_SHAPE when a parameter has no slot or the
 * slot no value.
 */
export function construct<T extends object>(
  target: new (...args: never[]) => T,
  values: ReadonlyMap<symbol, unknown>,
): T {
  const keys = (Reflect.getOwnMetadata('injectionTokens', target) ?? {}) as Readonly<Record<number, unknown>>;
  const wanted = Math.max(target.length, ...Object.keys(keys).map((index) => Number(index) + 1));
  const given = Array.from({ length: wanted }, (_, index) => valueOf(target.name, index, tokenOf(keys[index]), values));
  return new target(...(given as never[]));
}

/** tsyringe keeps the key itself, or a description with the key in `token`. */
function tokenOf(kept: unknown): unknown {
  return typeof kept === 'object' && kept !== null && 'token' in kept ? kept.token : kept;
}

function valueOf(plugin: string, index: number, key: unknown, values: ReadonlyMap<symbol, unknown>): unknown {
  if (typeof key === 'symbol' && values.has(key)) return values.get(key);
  const why = typeof key === 'symbol' ? `asks for ${String(key.description)}, which is not given` : 'has no slot';
  throw agentError('PLUGIN_SHAPE', { plugin, why: `parameter ${index + 1} of its constructor ${why}` });
}
