// Which keys are blocks, how often they may come and what their label means (spec config 1.2.2). Data only.

/** What the labels of a block are. */
export type LabelUse = 'type' | 'name' | 'optional-name' | 'ignored' | 'ignored-quietly';

/** How a block is read. `count`: `one` (a second is an error), `many`, `last` (the last wins), `merge` (later keys win). */
export interface BlockRule {
  readonly count: 'one' | 'many' | 'last' | 'merge';
  readonly label: LabelUse;
  readonly shape: Shape;
  /** May be written as a text instead (`wait = "5s:10s"`). */
  readonly orText?: boolean;
}

/** The blocks inside a block. `free`: keys are kept as written and nothing in it is a block of ours. */
export interface Shape {
  readonly blocks: Readonly<Record<string, BlockRule>>;
  readonly free?: boolean;
  /** Other keys whose value is an object, so that they are not taken for labels. */
  readonly objects?: readonly string[];
}

const PLAIN: Shape = { blocks: {} };
const FREE: Shape = { blocks: {}, free: true };
const plain = (count: BlockRule['count'], label: LabelUse = 'ignored'): BlockRule => ({ count, label, shape: PLAIN });
const config: BlockRule = { count: 'merge', label: 'ignored', shape: FREE };

const holder = (...names: readonly string[]): BlockRule => ({
  count: 'one',
  label: 'ignored',
  shape: { blocks: Object.fromEntries(names.map((name) => [name, plain('one')])) },
});

const autoAuth: Shape = {
  blocks: {
    method: { count: 'many', label: 'type', shape: { blocks: { config, mfa: holder('totp') } } },
    sink: {
      count: 'many',
      label: 'type',
      shape: {
        blocks: { config, token: plain('one'), retry: plain('one'), notify: holder('signal', 'command', 'http') },
      },
    },
  },
};

const cache: Shape = {
  blocks: {
    path: plain('many', 'name'),
    static_secrets: { count: 'one', label: 'ignored', shape: { blocks: { path: plain('many', 'name') } } },
    persist: {
      count: 'one',
      label: 'type',
      shape: { blocks: { key_provider: plain('one', 'type'), previous_key_provider: plain('one', 'type') } },
    },
    request_hasher: { count: 'one', label: 'name', shape: FREE },
  },
};

const listener: Shape = {
  blocks: { agent_api: plain('last'), proxy_api: plain('last') },
  objects: ['telemetry', 'profiling', 'inflight_requests_logging', 'custom_response_headers'],
};

const template: Shape = {
  blocks: { wait: { ...plain('last', 'ignored-quietly'), orText: true }, exec: plain('last', 'ignored-quietly') },
};

/** The shape of a whole configuration. */
export const ROOT: Shape = {
  blocks: {
    vault: { count: 'one', label: 'ignored', shape: { blocks: { retry: plain('one'), failover: plain('one') } } },
    auto_auth: { count: 'many', label: 'optional-name', shape: autoAuth },
    cache: { count: 'one', label: 'ignored', shape: cache },
    api_proxy: plain('one'),
    listener: { count: 'many', label: 'type', shape: listener },
    template: { count: 'many', label: 'ignored-quietly', shape: template },
    template_config: plain('one', 'ignored-quietly'),
    env_template: { count: 'many', label: 'name', shape: template },
    exec: plain('one', 'ignored-quietly'),
    telemetry: plain('one'),
    plugin: { count: 'many', label: 'name', shape: PLAIN },
    compat: plain('one'),
  },
};
