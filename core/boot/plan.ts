// (AgentConfig, Catalog) -> Plan: which components run, what each uses, where each was configured. Pure.
import type { AgentConfig, IdentityConfig, ListenerConfig, PersistConfig } from '../contracts/agent-config.js';
import type { Catalog } from '../contracts/catalog.js';
import type { Plan, Planned } from '../contracts/plan.js';
import { CONSTRAINTS } from '../catalog/constraints.js';
import { agentError, type AgentError, type Kind } from '../sdk/index.js';

/** The plan in start order, and what stands in its way. */
export interface Planning {
  readonly plan: Plan;
  readonly errors: readonly AgentError[];
}

/** Plans an agent. Errors: PLUGIN_NOT_FOUND, CONFIG_CONFLICT, CONFIG_VALUE, CONFIG_NOT_SUPPORTED_YET. */
export function plan(config: AgentConfig, catalog: Catalog): Planning {
  const components = [
    core('upstream', [], { address: config.vault.address }),
    ...planCache(config),
    ...config.identities.flatMap(planIdentity),
    ...config.listeners.map((listener, index) => planListener(config, listener, index)),
  ];
  return {
    plan: components,
    errors: [
      ...unknownPlugins(components, catalog),
      ...unknownIdentities(config),
      ...clashes(config),
      ...notBuilt(config),
    ],
  };
}

const core = (id: string, uses: readonly string[], settings: unknown, at?: string): Planned => ({
  id,
  kind: 'core',
  settings,
  uses,
  at,
});

function planCache(config: AgentConfig): Planned[] {
  if (config.cache === undefined) return [];
  const { hasher, persist, at } = config.cache;
  const store = persist === undefined ? [] : [planStore(persist.store)];
  return [
    {
      id: 'request_hasher',
      kind: 'request-hasher',
      plugin: hasher.name || CONSTRAINTS['request-hasher'].default,
      settings: hasher.settings,
      uses: [],
      at: hasher.at,
    },
    ...store,
    core('cache', ['upstream', 'request_hasher', ...store.map(({ id }) => id)], {}, at),
  ];
}

const planStore = ({ name, settings, at }: PersistConfig['store']): Planned => ({
  id: 'cache_store',
  kind: 'cache-store',
  plugin: name,
  settings,
  uses: [],
  at,
});

function planIdentity(identity: IdentityConfig): Planned[] {
  const { name, method } = identity;
  const sinks = identity.sinks.map((sink, index): Planned => ({
    id: `sink.${name}.${index + 1}`,
    kind: 'sink',
    plugin: sink.type,
    settings: sink.settings,
    uses: [],
    at: sink.at,
  }));
  return [
    ...sinks,
    {
      id: `auth_method.${name}`,
      kind: 'auth-method',
      plugin: method.type,
      settings: method.settings,
      uses: ['upstream'],
      at: method.at,
    },
    core(
      `auto_auth.${name}`,
      ['upstream', `auth_method.${name}`, ...sinks.map((sink) => sink.id)],
      { mount_path: method.mountPath, namespace: method.namespace },
      identity.at,
    ),
  ];
}

function planListener(config: AgentConfig, listener: ListenerConfig, index: number): Planned {
  const identity = config.identities.find((candidate) => candidate.name === listener.autoAuth);
  const uses = [
    'upstream',
    ...(config.cache === undefined ? [] : ['cache']),
    ...(identity === undefined ? [] : [`auto_auth.${identity.name}`]),
  ];
  return {
    id: `listener.${index + 1}`,
    kind: 'listener',
    plugin: listener.type,
    settings: listener.settings,
    uses,
    at: listener.at,
  };
}

function unknownPlugins(components: Plan, catalog: Catalog): AgentError[] {
  return components
    .filter(
      (component) =>
        component.plugin !== undefined && catalog.find(component.kind as Kind, component.plugin) === undefined,
    )
    .map((component) =>
      agentError('PLUGIN_NOT_FOUND', { kind: component.kind, name: component.plugin! }, { at: component.at }),
    );
}

function unknownIdentities(config: AgentConfig): AgentError[] {
  if (config.apiProxy.useAutoAuthToken === 'never') return [];
  const names = config.identities.map((identity) => identity.name);
  return config.listeners
    .filter((listener) => listener.role !== 'metrics_only' && !names.includes(listener.autoAuth))
    .map((listener) =>
      agentError(
        'CONFIG_VALUE',
        { key: 'listener.auto_auth', why: `there is no auto_auth block named "${listener.autoAuth}"` },
        {
          at: listener.at,
          hint: names.length === 0 ? 'add an auto_auth block' : `known names: ${names.join(', ')}`,
        },
      ),
    );
}

function clashes(config: AgentConfig): AgentError[] {
  const claims = [
    ...config.listeners.map((listener) => ({
      what: 'listener address',
      value: listener.settings.address,
      at: listener.at,
    })),
    ...config.identities.flatMap((identity) =>
      identity.sinks.map((sink) => ({ what: 'sink path', value: sink.settings.path, at: sink.at })),
    ),
  ].filter((claim) => typeof claim.value === 'string' && !claim.value.endsWith(':0'));
  const seen = new Map<string, string>();
  return claims.flatMap(({ what, value, at }) => {
    const key = `${what} ${String(value)}`;
    const first = seen.get(key);
    seen.set(key, first ?? at);
    if (first === undefined) return [];
    return [
      agentError(
        'CONFIG_CONFLICT',
        { detail: `${key} is used twice, first at ${first}` },
        { at, hint: 'give each its own' },
      ),
    ];
  });
}

const notBuilt = (config: AgentConfig): AgentError[] =>
  config.notBuilt.map(({ what, at }) => agentError('CONFIG_NOT_SUPPORTED_YET', { what }, { at }));
