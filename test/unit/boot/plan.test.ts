import { expect } from 'chai';
import { plan } from '../../../core/boot/plan.js';
import type { AgentConfig, ListenerConfig } from '../../../core/contracts/agent-config.js';
import type { Catalog, CatalogEntry } from '../../../core/contracts/catalog.js';

const known = ['listener/tcp', 'sink/file', 'auth-method/approle', 'request-hasher/canonical'];
const catalog: Catalog = {
  find: (kind, name) => (known.includes(`${kind}/${name}`) ? ({} as CatalogEntry) : undefined),
  all: () => [],
};
const listener = (address: string, extra: Partial<ListenerConfig> = {}): ListenerConfig => ({
  type: 'tcp',
  role: 'default',
  requireRequestHeader: false,
  enableQuit: false,
  autoAuth: 'default',
  settings: { address },
  at: 'a.hcl:9:1',
  ...extra,
});

function config(extra: Partial<AgentConfig> = {}): AgentConfig {
  const sink = { type: 'file', wrapTtlMs: 0, settings: { path: '/t' }, at: 'a.hcl:5:1' };
  const method = {
    type: 'approle',
    mountPath: 'auth/approle',
    namespace: '',
    wrapTtlMs: 0,
    minBackoffMs: 1,
    maxBackoffMs: 2,
    exitOnErr: false,
    settings: {},
    at: 'a.hcl:3:1',
  };
  return {
    product: 'agent',
    vault: { address: 'http://h:8200' },
    identities: [{ name: 'default', method, sinks: [sink], reauthOnNewCredentials: false, at: 'a.hcl:2:1' }],
    listeners: [listener('127.0.0.1:8100')],
    apiProxy: { useAutoAuthToken: 'default' },
    cache: { hasher: { name: 'canonical', settings: {}, at: 'a.hcl:7:1' }, at: 'a.hcl:7:1' },
    notBuilt: [],
    ...extra,
  } as unknown as AgentConfig;
}

describe('plan', () => {
  it('lists components in start order with what they use and where they were configured', () => {
    const { plan: made, errors } = plan(config(), catalog);
    expect(errors).to.deep.equal([]);
    expect(made.map(({ id, uses, at }) => [id, uses.join(' '), at])).to.deep.equal([
      ['upstream', '', undefined],
      ['request_hasher', '', 'a.hcl:7:1'],
      ['cache', 'upstream request_hasher', 'a.hcl:7:1'],
      ['sink.default.1', '', 'a.hcl:5:1'],
      ['auth_method.default', 'upstream', 'a.hcl:3:1'],
      ['auto_auth.default', 'upstream auth_method.default sink.default.1', 'a.hcl:2:1'],
      ['listener.1', 'upstream cache auto_auth.default', 'a.hcl:9:1'],
    ]);
  });

  it('every component that is used is planned before its user', () => {
    const { plan: made } = plan(config(), catalog);
    made.forEach((item, index) => {
      for (const used of item.uses) expect(made.slice(0, index).map(({ id }) => id)).to.include(used);
    });
  });

  it('a store that persists the cache runs before it', () => {
    const store = { name: 'file', settings: { path: '/p' }, at: 'a.hcl:8:3' };
    const cache = { ...config().cache, persist: { store, at: 'a.hcl:8:3' } } as unknown as AgentConfig['cache'];
    const { plan: made, errors } = plan(config({ cache }), catalog);
    expect(made.slice(1, 4).map(({ id, kind, plugin, uses, at }) => [id, kind, plugin, uses.join(' '), at])).to.eql([
      ['request_hasher', 'request-hasher', 'canonical', '', 'a.hcl:7:1'],
      ['cache_store', 'cache-store', 'file', '', 'a.hcl:8:3'],
      ['cache', 'core', undefined, 'upstream request_hasher cache_store', 'a.hcl:7:1'],
    ]);
    expect(errors.map(({ code, at }) => [code, at])).to.deep.equal([['PLUGIN_NOT_FOUND', 'a.hcl:8:3']]);
  });

  it('without cache there is no hasher and no cache', () => {
    const { plan: made } = plan(config({ cache: undefined }), catalog);
    expect(made.map(({ id }) => id)).not.to.include.members(['cache', 'request_hasher']);
  });

  it('names plugins that do not exist, with the place', () => {
    const { errors } = plan(config({ listeners: [listener('x:1', { type: 'pipe' })] }), catalog);
    expect(errors.map(({ code, at }) => [code, at])).to.deep.equal([['PLUGIN_NOT_FOUND', 'a.hcl:9:1']]);
  });

  it('refuses one address or one sink path twice, but lets port 0 be', () => {
    const twice = plan(config({ listeners: [listener('h:1'), listener('h:1', { at: 'a.hcl:20:1' })] }), catalog).errors;
    expect(twice.map(({ code, at }) => [code, at])).to.deep.equal([['CONFIG_CONFLICT', 'a.hcl:20:1']]);
    expect(twice[0]!.message).to.include('first at a.hcl:9:1');
    expect(plan(config({ listeners: [listener('h:0'), listener('h:0')] }), catalog).errors).to.deep.equal([]);
  });

  it('refuses a listener that names an identity that does not exist', () => {
    const { errors } = plan(config({ listeners: [listener('h:1', { autoAuth: 'billing' })] }), catalog);
    expect(errors[0]).to.include({ code: 'CONFIG_VALUE', hint: 'known names: default' });
    const metrics = config({ listeners: [listener('h:1', { autoAuth: 'billing', role: 'metrics_only' })] });
    expect(plan(metrics, catalog).errors).to.deep.equal([]);
  });

  it('reports every stanza that is not built yet', () => {
    const { errors } = plan(
      config({
        notBuilt: [
          { what: 'template', at: 'a.hcl:1:1' },
          { what: 'exec', at: 'a.hcl:2:1' },
        ],
      }),
      catalog,
    );
    expect(errors.map(({ code }) => code)).to.deep.equal(['CONFIG_NOT_SUPPORTED_YET', 'CONFIG_NOT_SUPPORTED_YET']);
  });
});
