// From a planned plugin to a living one: load its code, fill its slots, put its guard around it.
import type { Catalog, CatalogEntry } from '../contracts/catalog.js';
import type { LogRoot } from '../contracts/logging.js';
import { loadPlugin } from '../catalog/load.js';
import { agentError, type Clock, type EnvAccess, type Kind, type StateAccess } from '../sdk/index.js';
import { construct, type Container } from './containers.js';
import type { StatusBoard } from './health.js';
import type { Guarded } from './guards/bounded.js';

/** What the factory needs. */
export interface FactoryOptions {
  readonly catalog: Catalog;
  readonly root: Container;
  readonly log: LogRoot;
  readonly clock: Clock;
  readonly board: StatusBoard;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One plugin to make. */
export interface PluginRequest {
  readonly kind: Kind;
  readonly name: string;
  /** Component id, such as `sink.default.1`. */
  readonly id: string;
  readonly settings: unknown;
  readonly logName: string;
  readonly mount?: string;
}

/** The bare instance, how to guard it, and where it came from. */
export interface MadePlugin<T> {
  readonly instance: T;
  readonly guarded: Guarded;
  readonly entry: CatalogEntry;
}

/** Makes plugins. Throws PLUGIN_NOT_FOUND and what loading and constructing throw. */
export class PluginFactory {
  readonly #options: FactoryOptions;
  #stateOf: (component: string) => StateAccess = memoryState;

  constructor(options: FactoryOptions) {
    this.#options = options;
  }

  /** State of components that are made from now on comes from here; without it, it lives as long as the process. */
  keepState(stateOf: (component: string) => StateAccess): void {
    this.#stateOf = stateOf;
  }

  async make<T>(request: PluginRequest): Promise<MadePlugin<T>> {
    const { catalog, root, log, clock, board, env } = this.#options;
    const entry = catalog.find(request.kind, request.name);
    if (entry === undefined) throw agentError('PLUGIN_NOT_FOUND', { kind: request.kind, name: request.name });
    const label = `${request.kind} "${entry.manifest.name}"`;
    const instance = construct<T>(
      root,
      await loadPlugin(entry),
      { label, at: entry.entryPath },
      {
        settings: request.settings,
        log: log.named(request.logName),
        health: board.reporter(request.id),
        env: onlyNamed(env, variablesOf(entry.manifest.env ?? [], request.settings)),
        state: this.#stateOf(request.id),
        ...(request.mount !== undefined && { mount: request.mount }),
      },
    );
    return { instance, guarded: { label: `${label} (${request.id})`, clock }, entry };
  }
}

/** An entry `setting:x` of the manifest stands for the variable that the setting `x` names. */
function variablesOf(entries: readonly string[], settings: unknown): string[] {
  const own = (settings ?? {}) as Readonly<Record<string, unknown>>;
  const names = entries.map((entry) => (entry.startsWith('setting:') ? own[entry.slice('setting:'.length)] : entry));
  return names.filter((name) => typeof name === 'string');
}

const onlyNamed = (env: Readonly<Record<string, string | undefined>>, names: readonly string[]): EnvAccess => ({
  get: (name) => (names.includes(name) ? env[name] : undefined),
});

/** State of one component for the life of the process. */
function memoryState(): StateAccess {
  let kept: Uint8Array | undefined;
  return {
    load: () => Promise.resolve(kept?.slice()),
    save: (value) => {
      kept = value.slice();
      return Promise.resolve();
    },
  };
}
