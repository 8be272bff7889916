// `cache` with everything in it: each key in its canonical form, each bad value one finding with a place and a hint.
import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { AgentConfig, CacheConfig, PersistConfig } from '../../../core/contracts/agent-config.js';
import { AUTH, LISTENER, check, errorsOf, golden, load, warningsOf } from './checking.js';

const USES = `${AUTH}${LISTENER}api_proxy { use_auto_auth_token = true }\n`;
const cached = (keys: string, more = LISTENER): string => `${more}cache { ${keys} }`;
const persisted = (keys: string, store = 'file'): string => cached(`persist "${store}" { ${keys} }`);
const STORE = 'path = "/var/lib/claviger"';

async function cacheOf(text: string): Promise<CacheConfig> {
  const { cache } = await load(text);
  if (cache === undefined) throw new Error('no cache');
  return cache;
}

async function persistOf(keys: string, store?: string): Promise<PersistConfig> {
  const { persist } = await cacheOf(persisted(keys, store));
  if (persist === undefined) throw new Error('no persistence');
  return persist;
}

describe('cache: canonical form', () => {
  it('every key at once is what the golden file says', async () => {
    const config = await load(golden('cache-complete.hcl'));
    const { vault, cache, compat } = JSON.parse(JSON.stringify(config)) as AgentConfig;
    const { address, addresses, failover } = vault;
    const file = new URL('../../golden/config/cache-complete.json', import.meta.url);
    expect({ vault: { address, addresses, failover }, cache, compat }).to.deep.equal(
      JSON.parse(readFileSync(file, 'utf8')),
    );
  });

  it('the defaults of an empty block', async () => {
    expect(await cacheOf(cached(''))).to.deep.equal({
      hasher: { name: 'canonical', settings: {}, at: 'agent.hcl:2:1' },
      maxEntries: 100_000,
      maxBytes: 256 * 1024 * 1024,
      maxSharePerToken: 50,
      refusedIssueRate: 20,
      revalidateAfterMs: 300_000,
      loginMaxAgeMs: 0,
      dynamic: true,
      paths: [],
      statics: undefined,
      persist: undefined,
      at: 'agent.hcl:2:1',
    });
  });

  it('zeros turn limits and looking up off', async () => {
    const cache = await cacheOf(
      cached('max_entries = 0 max_bytes = 0 refused_issue_rate = 0 revalidate_after = 0 login_max_age = "0s"'),
    );
    expect([cache.maxEntries, cache.maxBytes, cache.refusedIssueRate, cache.revalidateAfterMs]).to.deep.equal([
      0, 0, 0, 0,
    ]);
  });

  it('path blocks keep their order and their case (D-55)', async () => {
    const { paths } = await cacheOf(cached('path "Secret/+/x" { cache = false }\npath "*" { max_age = "10m" }'));
    expect(paths).to.deep.equal([
      { glob: 'Secret/+/x', cache: false, maxAgeMs: 0, at: 'agent.hcl:2:9' },
      { glob: '*', cache: true, maxAgeMs: 600_000, at: 'agent.hcl:3:1' },
    ]);
  });

  it('path blocks of JSON', async () => {
    const text = JSON.stringify({
      listener: [{ type: 'tcp', tls_disable: true }],
      cache: { path: { 'a/*': { cache: false }, b: { max_age: 60 } } },
    });
    const { cache } = await load({ 'a.json': text });
    expect(cache?.paths.map(({ glob, maxAgeMs }) => [glob, maxAgeMs])).to.deep.equal([
      ['a/*', 0],
      ['b', 60_000],
    ]);
  });
});

describe('static secrets: our block and the keys of Vault (D-68)', () => {
  const DEFAULTS = {
    ttlMs: 300_000,
    paths: [],
    staleWhileRevalidateMs: 0,
    staleIfErrorMs: 0,
    capabilityRefreshMs: 300_000,
    capabilityRefresh: 'optimistic',
    versionPollMs: 0,
    prefetch: [],
    at: 'agent.hcl:2:9',
  };

  it('an empty block has the defaults', async () => {
    expect((await cacheOf(cached('static_secrets {}'))).statics).to.deep.equal(DEFAULTS);
  });

  it("Vault's keys select the same", async () => {
    const { statics } = await cacheOf(
      cached(
        'cache_static_secrets = true static_secret_token_capability_refresh_interval = "1m" static_secret_token_capability_refresh_behavior = "pessimistic"',
      ),
    );
    expect(statics).to.deep.equal({
      ...DEFAULTS,
      capabilityRefreshMs: 60_000,
      capabilityRefresh: 'pessimistic',
      at: 'agent.hcl:2:1',
    });
  });

  it("an interval of 0 is Vault's way to say 5 minutes", async () => {
    const text = cached('cache_static_secrets = true static_secret_token_capability_refresh_interval = 0');
    expect((await cacheOf(text)).statics?.capabilityRefreshMs).to.equal(300_000);
  });

  it('both may say the same', async () => {
    const { statics } = await cacheOf(
      cached(
        'cache_static_secrets = true static_secret_token_capability_refresh_interval = 60 static_secrets { capability_refresh_interval = "1m" }',
      ),
    );
    expect(statics?.capabilityRefreshMs).to.equal(60_000);
  });

  it("what only Vault's key says counts beside the block", async () => {
    const { statics } = await cacheOf(
      cached('static_secret_token_capability_refresh_behavior = "pessimistic" static_secrets { ttl = 1 }'),
    );
    expect([statics?.ttlMs, statics?.capabilityRefresh]).to.deep.equal([1_000, 'pessimistic']);
  });

  it('disable_caching_dynamic_secrets leaves static secrets', async () => {
    const cache = await cacheOf(cached('disable_caching_dynamic_secrets = true static_secrets {}'));
    expect([cache.dynamic, cache.statics === undefined]).to.deep.equal([false, false]);
  });

  it("Vault's keys without the feature have no effect, and that is said", async () => {
    const { problems } = await check(cached('static_secret_token_capability_refresh_interval = "1m"'));
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_IGNORED 2:9']);
  });

  it('an identity may be there for static secrets alone', async () => {
    const auth = 'auto_auth { method "approle" { config = { role_id_file_path = "/r" } } }\n';
    expect((await load(`${auth}${LISTENER}cache { static_secrets { prefetch = "kv/a" } }`)).cache?.statics).to.include({
      ttlMs: 300_000,
    });
  });
});

describe('persist', () => {
  it('the defaults of a file store: it is kept (D-58)', async () => {
    expect(await persistOf(STORE)).to.deep.equal({
      store: { name: 'file', settings: { path: '/var/lib/claviger' }, at: 'agent.hcl:2:9' },
      keepAfterImport: true,
      exitOnErr: false,
      sync: 'grouped',
      key: { type: 'key_file', settings: {}, at: 'agent.hcl:2:9' },
      previousKey: undefined,
      share: false,
      shareBoundMs: 10_000,
      instance: hostname(),
      at: 'agent.hcl:2:9',
    });
  });

  it('kubernetes is the drop-in form: exit_on_err is false where nothing is said (D-46), not kept, bound to the service account (spec cache 10.1)', async () => {
    const persist = await persistOf(`${STORE} service_account_token_file = "/sa"`, 'kubernetes');
    expect(persist).to.deep.include({
      store: { name: 'file', settings: { path: '/var/lib/claviger' }, at: 'agent.hcl:2:9' },
      keepAfterImport: false,
      exitOnErr: false,
      key: {
        type: 'kubernetes',
        settings: { service_account_token_file: '/sa', bind_pod: false },
        at: 'agent.hcl:2:9',
      },
    });
  });

  it('kubernetes without a token file has the usual one, and keep_after_import may be set', async () => {
    const { key, keepAfterImport } = await persistOf(`${STORE} keep_after_import = true`, 'kubernetes');
    expect([key.settings.service_account_token_file, keepAfterImport]).to.deep.equal([
      '/var/run/secrets/kubernetes.io/serviceaccount/token',
      true,
    ]);
  });

  it('kubernetes with another key provider', async () => {
    const { key } = await persistOf(`${STORE} key_provider "env" { variable = "KEY" }`, 'kubernetes');
    expect(key).to.deep.include({ type: 'env', settings: { variable: 'KEY' } });
  });

  it('a file store with the key provider kubernetes takes the token file of the block', async () => {
    const { key } = await persistOf(
      `${STORE} service_account_token_file = "/sa" key_provider "kubernetes" { bind_pod = true path = "/k" }`,
    );
    expect(key.settings).to.deep.equal({ service_account_token_file: '/sa', bind_pod: true, path: '/k' });
  });

  for (const [type, keys, settings] of [
    ['key_file', '', {}],
    ['key_file', 'path = "/etc/k"', { path: '/etc/k' }],
    ['file', 'path = "/etc/k"', { path: '/etc/k' }],
    ['env', 'variable = "K"', { variable: 'K' }],
    ['passphrase', 'file = "/p"', { file: '/p' }],
    ['passphrase', 'variable = "P"', { variable: 'P' }],
  ] as const) {
    it(`key_provider "${type}" { ${keys} }, now and before`, async () => {
      const block = (name: string): string => `${name} "${type}" { ${keys} }`;
      const { key, previousKey } = await persistOf(
        `${STORE} ${block('key_provider')} ${block('previous_key_provider')}`,
      );
      expect([key.type, key.settings]).to.deep.equal([type, settings]);
      expect([previousKey?.type, previousKey?.settings]).to.deep.equal([type, settings]);
    });
  }

  it('the type of a key provider may be an attribute, in any case', async () => {
    expect((await persistOf(`${STORE} key_provider = { type = "ENV" variable = "K" }`)).key.type).to.equal('env');
  });

  it('secrets of the store are sealed and are not in findings', async () => {
    const text = persisted(
      'url = "redis://:hunter2@h:6379" prefixx = "a" key_provider "env" { variable = "K" }',
      'redis',
    );
    const { config, problems } = await check(text);
    expect(String(config?.cache?.persist?.store.settings.url)).to.equal('[secret]');
    expect(problems.map(({ code, key, hint }) => [code, key, hint])).to.deep.equal([
      ['CONFIG_UNKNOWN_KEY', 'cache.persist.prefixx', 'did you mean "prefix"?'],
    ]);
    expect(JSON.stringify([config, problems])).to.not.include('hunter2');
  });

  it('a misspelt key of the core is found among the keys of the store', async () => {
    const { problems } = await check(persisted(`${STORE} keep_after_imprt = true`));
    expect(problems.map(({ hint }) => hint)).to.deep.equal(['did you mean "keep_after_import"?']);
  });

  it('keys that have no effect are warned of', async () => {
    const { problems } = await check(persisted(`${STORE}\nservice_account_token_file = "/sa"\nshare_bound = "1s"`));
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_IGNORED 3:1', 'CONFIG_IGNORED 4:1']);
  });

  it('a key beside its data is allowed with compat (D-17)', async () => {
    const text = `${persisted(`${STORE} key_provider "key_file" { path = "/var/lib/claviger/key" }`)}\n`;
    expect(errorsOf((await check(text)).problems)).to.deep.equal(['CONFIG_CONFLICT 2:79']);
    const config = await load(`${text}compat { key_beside_data = true }`);
    expect([config.compat.keyBesideData, config.cache?.persist?.key.settings.path]).to.deep.equal([
      true,
      '/var/lib/claviger/key',
    ]);
  });

  it('a key whose folder only begins like the store is not beside it', async () => {
    const { key } = await persistOf(`${STORE} key_provider "key_file" { path = "/var/lib/claviger-key" }`);
    expect(key.settings.path).to.equal('/var/lib/claviger-key');
  });

  it('exit_after_auth goes with persist', async () => {
    expect((await load(`exit_after_auth = true\n${AUTH}${persisted(STORE)}`)).exitAfterAuth).to.equal(true);
  });

  it('missing key files are warnings of config validate, defaults are not looked for', async () => {
    const exists = (): boolean => false;
    const named = async (text: string): Promise<(string | undefined)[]> =>
      (await check(text, { exists })).problems
        .filter(({ code }) => code === 'CONFIG_FILE_MISSING')
        .map(({ key }) => key);
    expect(await named(persisted(STORE, 'kubernetes'))).to.deep.equal([]);
    expect(await named(persisted(`${STORE} service_account_token_file = "/sa"`, 'kubernetes'))).to.deep.equal([
      'cache.persist.key_provider.service_account_token_file',
    ]);
    expect(
      await named(
        persisted(`${STORE} key_provider "file" { path = "/k" } previous_key_provider "passphrase" { file = "/p" }`),
      ),
    ).to.deep.equal(['cache.persist.key_provider.path', 'cache.persist.previous_key_provider.file']);
  });
});

describe('several addresses of the server', () => {
  const vault = async (keys: string, env = {}): Promise<AgentConfig['vault']> =>
    (await load(`${LISTENER}vault { ${keys} }`, { env })).vault;
  const SEVERAL = 'addresses = ["https://a:8200", "https://b:8200", "https://a:8200"]';

  it('in order, each once, with the defaults of failover', async () => {
    expect(await vault(SEVERAL)).to.deep.include({
      address: 'https://a:8200',
      addresses: ['https://a:8200', 'https://b:8200'],
      failover: { checkIntervalMs: 10_000, checkTimeoutMs: 2_000, failures: 2, coolDownMs: 30_000 },
    });
  });

  it('address comes first unless it is one of them', async () => {
    expect((await vault(`address = "https://c:8200" ${SEVERAL}`)).addresses?.[0]).to.equal('https://c:8200');
    const { address, addresses } = await vault(`address = "https://b:8200" ${SEVERAL}`);
    expect([address, addresses]).to.deep.equal(['https://a:8200', ['https://a:8200', 'https://b:8200']]);
  });

  it('a variable or a flag replaces them all', async () => {
    const fromEnv = await vault(SEVERAL, { VAULT_ADDR: 'https://e:8200' });
    expect([fromEnv.address, fromEnv.addresses, fromEnv.failover]).to.deep.equal([
      'https://e:8200',
      undefined,
      undefined,
    ]);
    const { vault: flagged } = await load(`${LISTENER}vault { ${SEVERAL} }`, { flags: { address: 'https://f:8200' } });
    expect([flagged.address, flagged.addresses]).to.deep.equal(['https://f:8200', undefined]);
  });

  it('one address has no list', async () => {
    expect((await vault('address = "https://a:8200"')).addresses).to.equal(undefined);
    expect((await vault('addresses = "https://a:8200"')).addresses).to.deep.equal(['https://a:8200']);
    expect((await vault('addresses = []')).address).to.equal('https://127.0.0.1:8200');
  });

  it('failover without addresses has no effect', async () => {
    const { problems } = await check(`${LISTENER}vault { failover { failures = 3 } }`);
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_IGNORED 2:9']);
  });

  it('a listener on any of them is warned of (D-62)', async () => {
    const { problems } = await check(`${LISTENER}vault { addresses = ["http://a:1", "http://127.0.0.1:8100"] }`);
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_CONFLICT 1:18']);
  });
});

type Row = [text: string, ...errors: string[]];

const BAD: Row[] = [
  [`${LISTENER}vault { addresses = ["https://a:8200", "b:8200"] }`, 'CONFIG_ADDRESS vault.addresses[1]'],
  [`${LISTENER}vault { addresses = [""] }`, 'CONFIG_VALUE vault.addresses[0]'],
  [`${LISTENER}vault { addresses = [{}] }`, 'CONFIG_TYPE vault.addresses[0]'],
  ...['check_interval = 0', 'check_timeout = "0s"', 'failures = 0', 'cool_down = "-1s"'].map((keys): Row => [
    `${LISTENER}vault { addresses = ["https://a:1"] failover { ${keys} } }`,
    `CONFIG_VALUE vault.failover.${keys.split(' ')[0]}`,
  ]),
  ...(
    [
      ['max_entries = -1', 'VALUE'],
      ['max_entries = "many"', 'TYPE'],
      ['max_bytes = "10MB"', 'TYPE'],
      ['max_bytes = -1', 'VALUE'],
      ['max_share_per_token = 0', 'VALUE'],
      ['max_share_per_token = 101', 'VALUE'],
      ['max_share_per_token = "half"', 'TYPE'],
      ['refused_issue_rate = -0.5', 'VALUE'],
      ['refused_issue_rate = "fast"', 'TYPE'],
      ['revalidate_after = "-1s"', 'VALUE'],
      ['revalidate_after = "soon"', 'TYPE'],
      ['login_max_age = "-1h"', 'VALUE'],
      ['cache_static_secrets = "maybe"', 'TYPE'],
      ['static_secret_token_capability_refresh_interval = "-1s"', 'VALUE'],
      ['static_secret_token_capability_refresh_behavior = "hopeful"', 'VALUE'],
      ['disable_caching_dynamic_secrets = "so"', 'TYPE'],
    ] as const
  ).map(([keys, code]): Row => [cached(keys), `CONFIG_${code} cache.${keys.split(' ')[0]}`]),
  [cached('static_secrets = "yes"'), 'CONFIG_TYPE cache.static_secrets'],
  [cached('path = "x"'), 'CONFIG_TYPE cache.path'],
  [cached('path { cache = false }'), 'CONFIG_MISSING cache.path'],
  [cached('path "a" { cache = "perhaps" }'), 'CONFIG_TYPE cache.path.a.cache'],
  [cached('path "a" { max_age = "-1s" }'), 'CONFIG_VALUE cache.path.a.max_age'],
  [cached('path "" {}'), 'CONFIG_VALUE cache.path.'],
  [cached('path "/v1/a" {}'), 'CONFIG_VALUE cache.path./v1/a'],
  [cached('path "a/*/b" {}'), 'CONFIG_VALUE cache.path.a/*/b'],
  [cached('path "a//b" {}'), 'CONFIG_VALUE cache.path.a//b'],
  [cached('path "a/../b" {}'), 'CONFIG_VALUE cache.path.a/../b'],
  ...(
    [
      ['ttl = "-1s"', 'VALUE'],
      ['ttl = "x"', 'TYPE'],
      ['stale_while_revalidate = "-1s"', 'VALUE'],
      ['stale_if_error = "-1s"', 'VALUE'],
      ['capability_refresh_interval = 0', 'VALUE'],
      ['capability_refresh_behavior = "hopeful"', 'VALUE'],
      ['version_poll = "-1s"', 'VALUE'],
    ] as const
  ).map(([keys, code]): Row => [
    cached(`static_secrets { ${keys} }`),
    `CONFIG_${code} cache.static_secrets.${keys.split(' ')[0]}`,
  ]),
  [cached('static_secrets { path "a" {} }'), 'CONFIG_MISSING cache.static_secrets.path.a.ttl'],
  [cached('static_secrets { path "a" { ttl = "x" } }'), 'CONFIG_TYPE cache.static_secrets.path.a.ttl'],
  [cached('static_secrets { path "v1/a" { ttl = 1 } }'), 'CONFIG_VALUE cache.static_secrets.path.v1/a'],
  ...(['/v1/kv/a', '/kv/a', 'kv/*', 'kv/+/a', 'kv/a/', 'kv/./a'] as const).map((path): Row => [
    cached(`static_secrets { prefetch = ["kv/ok", "${path}"] }`, AUTH + LISTENER),
    'CONFIG_VALUE cache.static_secrets.prefetch[1]',
  ]),
  [cached('static_secrets { prefetch = [""] }', AUTH + LISTENER), 'CONFIG_VALUE cache.static_secrets.prefetch[0]'],
  [cached('static_secrets { prefetch = [{}] }', AUTH + LISTENER), 'CONFIG_TYPE cache.static_secrets.prefetch[0]'],
  [cached('static_secrets { prefetch = ["kv/a"] }'), 'CONFIG_MISSING cache.static_secrets.prefetch'],
  [cached('cache_static_secrets = false static_secrets {}'), 'CONFIG_CONFLICT cache.cache_static_secrets'],
  [
    cached('static_secret_token_capability_refresh_interval = 1 static_secrets { capability_refresh_interval = 2 }'),
    'CONFIG_CONFLICT cache.static_secret_token_capability_refresh_interval',
  ],
  [
    cached(
      'static_secret_token_capability_refresh_behavior = "optimistic" static_secrets { capability_refresh_behavior = "pessimistic" }',
    ),
    'CONFIG_CONFLICT cache.static_secret_token_capability_refresh_behavior',
  ],
  [cached('disable_caching_dynamic_secrets = true'), 'CONFIG_CONFLICT cache'],
  [cached('persist = "file"'), 'CONFIG_TYPE cache.persist'],
  [cached('persist { path = "/p" }'), 'CONFIG_MISSING cache.persist.type'],
  [cached('persist { typ = "file" path = "/p" }'), 'CONFIG_UNKNOWN_KEY cache.persist.typ'],
  [cached('persist "file" { path = "/p" }\npersist "file" { path = "/q" }'), 'CONFIG_DUPLICATE cache.persist'],
  [persisted(''), 'CONFIG_MISSING cache.persist.path'],
  [persisted('path = "/p"', 'fil'), 'PLUGIN_NOT_FOUND cache.persist'],
  [persisted('', 'memory'), 'CONFIG_VALUE cache.persist.type'],
  [persisted('url = "http://h" key_provider "env" { variable = "K" }', 'redis'), 'CONFIG_VALUE cache.persist.url'],
  ...(
    [
      ['keep_after_import = "x"', 'TYPE'],
      ['exit_on_err = "x"', 'TYPE'],
      ['sync = "never"', 'VALUE'],
      ['share = "x"', 'TYPE'],
      ['instance = "a b"', 'VALUE'],
      ['share_bound = 0', 'VALUE'],
    ] as const
  ).map(([keys, code]): Row => [persisted(`${STORE} ${keys}`), `CONFIG_${code} cache.persist.${keys.split(' ')[0]}`]),
  ...(
    [
      ['key_provider "vault" {}', 'VALUE', '.type'],
      ['key_provider {}', 'MISSING', '.type'],
      ['key_provider = "env"', 'TYPE', ''],
      ['key_provider "key_file" { path = "" }', 'VALUE', '.path'],
      ['key_provider "file" {}', 'MISSING', '.path'],
      ['key_provider "env" {}', 'MISSING', '.variable'],
      ['key_provider "env" { variable = "a b" }', 'VALUE', '.variable'],
      ['key_provider "passphrase" {}', 'MISSING', ''],
      ['key_provider "passphrase" { file = "/p" variable = "P" }', 'VALUE', ''],
      ['key_provider "kubernetes" { bind_pod = "x" }', 'TYPE', '.bind_pod'],
      ['key_provider "kubernetes" { service_account_token_file = "" }', 'VALUE', '.service_account_token_file'],
    ] as const
  ).map(([keys, code, key]): Row => [persisted(`${STORE} ${keys}`), `CONFIG_${code} cache.persist.key_provider${key}`]),
  [
    persisted(`${STORE} key_provider "env" { variable = "K" } key_provider "env" { variable = "L" }`),
    'CONFIG_DUPLICATE cache.persist.key_provider',
  ],
  [`${AUTH}${persisted(`${STORE} key_provider "transit" {}`)}`, 'CONFIG_MISSING cache.persist.key_provider.key_name'],
  [persisted(`${STORE} key_provider "transit" { key_name = "k" }`), 'CONFIG_MISSING cache.persist.key_provider'],
  [
    persisted(`${STORE} previous_key_provider "transit" { key_name = "k" }`),
    'CONFIG_MISSING cache.persist.previous_key_provider',
  ],
  [
    persisted(
      `${STORE} service_account_token_file = "/a" key_provider "kubernetes" { service_account_token_file = "/b" }`,
    ),
    'CONFIG_CONFLICT cache.persist.key_provider.service_account_token_file',
  ],
  [
    persisted(`${STORE} key_provider "file" { path = "/var/lib/x/../claviger/k" }`),
    'CONFIG_CONFLICT cache.persist.key_provider.path',
  ],
  [
    persisted(`${STORE} previous_key_provider "passphrase" { file = "/var/lib/claviger/sub/p" }`),
    'CONFIG_CONFLICT cache.persist.previous_key_provider.file',
  ],
  [`${USES}cache { persist "file" { ${STORE} share = true } }`, 'CONFIG_CONFLICT cache.persist.share'],
  [
    persisted('url = "redis://h" share = true key_provider "env" { variable = "K" }', 'redis'),
    'CONFIG_CONFLICT cache.persist.share',
  ],
  [
    `${USES}cache { persist "redis" { url = "redis://h" share = true keep_after_import = false } }`,
    'CONFIG_CONFLICT cache.persist.share',
  ],
  [
    `${USES}cache { persist "redis" { url = "redis://h" share = true key_provider "kubernetes" { bind_pod = true } } }`,
    'CONFIG_CONFLICT cache.persist.share',
  ],
  [`${LISTENER}compat { key_beside_data = "x" }`, 'CONFIG_TYPE compat.key_beside_data'],
];

describe('cache: bad values', () => {
  for (const [text, ...errors] of BAD) {
    it(`${text.split('\n').at(-1)?.slice(0, 150)}: ${errors[0]}`, async () => {
      const { config, problems } = await check(text);
      const found = problems.filter(({ severity }) => severity === 'error');
      expect(found.map(({ code, key }) => `${code} ${key ?? ''}`)).to.deep.equal(errors);
      expect(
        found.every(({ hint, at }) => (hint ?? '') !== '' && (at?.line ?? 0) > 0),
        'each has a place and a hint',
      ).to.equal(true);
      expect(config).to.equal(undefined);
    });
  }

  it('unknown keys in each block are warnings, and errors when strict', async () => {
    const text = cached(
      `max_entires = 1 path "a" { max_ag = 1 } static_secrets { tttl = 1 path "a" { ttl = 1 tl = 2 } } persist "file" { ${STORE} paht = "/x" key_provider "env" { variable = "K" vairable = "L" } }`,
    );
    const { problems } = await check(text, { strict: true });
    expect(problems.map(({ key, severity, hint }) => [key, severity, hint]).sort()).to.deep.equal(
      [
        ['cache.max_entires', 'error', 'did you mean "max_entries"?'],
        ['cache.path.a.max_ag', 'error', 'did you mean "max_age"?'],
        ['cache.persist.key_provider.vairable', 'error', 'did you mean "variable"?'],
        ['cache.persist.paht', 'error', 'did you mean "path"?'],
        ['cache.static_secrets.path.a.tl', 'error', 'did you mean "ttl"?'],
        ['cache.static_secrets.tttl', 'error', 'did you mean "ttl"?'],
      ].sort(),
    );
  });

  it('the same glob twice: the first decides, with a warning', async () => {
    const { problems } = await check(cached('path "a" {}\npath "a" { cache = false }'));
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_DUPLICATE 3:6']);
  });
});
