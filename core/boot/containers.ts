// One child container per planned component: it holds that component's slots and builds its plugin. A plugin cannot see another's settings.
import { container as globalContainer, type DependencyContainer } from '../sdk/tsyringe.js';
import {
  AgentError,
  Env,
  Log,
  Mount,
  Report,
  Settings,
  SLOTS,
  State,
  Time,
  Upstream,
  agentError,
  describeError,
  type Clock,
  type EnvAccess,
  type Health,
  type Logger,
  type StateAccess,
  type Vault,
} from '../sdk/index.js';
import type { PluginClass } from '../catalog/load.js';

/** A container of this kind, for files that only hand it on. */
export type Container = DependencyContainer;

/** What all components share. */
export interface HostServices {
  readonly clock: Clock;
  readonly upstream: Vault;
}

/** What one component gets. */
export interface ComponentSlots {
  readonly settings: unknown;
  readonly mount?: string;
  readonly log: Logger;
  readonly health: Health;
  readonly env: EnvAccess;
  readonly state: StateAccess;
}

/** Who is built, for messages: `sink "file"` and its file. */
export interface Named {
  readonly label: string;
  readonly at: string;
}

/** The container of one generation. It is a child of tsyringe's global one, which stays empty. */
export function rootContainer(services: HostServices): DependencyContainer {
  const root = globalContainer.createChildContainer();
  root.register(Time.key, { useValue: services.clock });
  root.register(Upstream.key, { useValue: services.upstream });
  return root;
}

/**
 * Builds one plugin in a container of its own. Throws PLUGIN_SHAPE when it asks for a slot that does not exist, PLUGIN_CONSTRUCTOR when its
 * constructor throws, both with its name and file.
 */
export function construct<T>(root: DependencyContainer, target: PluginClass, who: Named, slots: ComponentSlots): T {
  const child = root.createChildContainer();
  child.register(Settings.key, { useValue: slots.settings });
  child.register(Log.key, { useValue: slots.log });
  child.register(Report.key, { useValue: slots.health });
  child.register(Env.key, { useValue: slots.env });
  child.register(State.key, { useValue: slots.state });
  if (slots.mount !== undefined) child.register(Mount.key, { useValue: slots.mount });
  try {
    return child.resolve(target) as T;
  } catch (cause) {
    if (cause instanceof AgentError) throw cause;
    const message = describeError(cause);
    const { label: plugin, at } = who;
    if (/unregistered dependency|TypeInfo not known/i.test(message)) {
      const why = `its constructor asks for something that is not a slot; slots are ${Object.keys(SLOTS).join(', ')}`;
      throw agentError('PLUGIN_SHAPE', { plugin, why }, { at, cause });
    }
    throw agentError('PLUGIN_CONSTRUCTOR', { plugin, why: lastLine(message) }, { at, cause });
  }
}

/** tsyringe wraps a constructor's error in a chain of lines; the last one is the plugin's own. */
const lastLine = (message: string): string => message.trim().split('\n').at(-1)!.trim();
