// Every row of spec config 1.2.2 and 1.2.3: the ways to write blocks.
import { expect } from 'chai';
import type { AgentConfig } from '../../../core/contracts/agent-config.js';
import { LISTENER, check, errorsOf, load, warningsOf } from './checking.js';

const SINK = `sink "file" { config = { path = "/t" } }`;
const CONFIG = `config = { role_id_file_path = "/r" }`;
const auth = (inner: string): string => `auto_auth { ${inner} }\n`;
const types = (config: AgentConfig): string[] =>
  config.identities.flatMap(({ method, sinks }) => [method.type, ...sinks.map((sink) => sink.type)]);

describe('block shapes in HCL (spec config 1.2.2)', () => {
  const methods: [name: string, text: string][] = [
    ['a label is the type', `method "approle" { ${CONFIG} }`],
    ['a label counts without regard to case', `method "AppRole" { ${CONFIG} }`],
    ['type is lower-cased', `method { type = "APPROLE" ${CONFIG} }`],
    ['type wins over the label', `method "aws" { type = "approle" ${CONFIG} }`],
    ['method = { }', `method = { type = "approle" ${CONFIG} }`],
    ['method = [{ }]', `method = [{ type = "approle" ${CONFIG} }]`],
    ['config as a block', `method "approle" { config { role_id_file_path = "/r" } }`],
    ['keys without regard to case', `Method "approle" { Config = { role_id_file_path = "/r" } }`],
  ];
  for (const [name, text] of methods) {
    it(`method: ${name}`, async () => {
      expect(types(await load(auth(`${text} ${SINK}`)))).to.deep.equal(['approle', 'file']);
    });
  }

  it('several config blocks merge key by key, the later wins', async () => {
    const text = `method "approle" { config { role_id_file_path = "/a" } config { role_id_file_path = "/r" secret_id_file_path = "/s" } }`;
    const [identity] = (await load(auth(`${text} ${SINK}`))).identities;
    expect(identity?.method.settings).to.include({ role_id_file_path: '/r', secret_id_file_path: '/s' });
  });

  it('two labels leave the method without a type', async () => {
    const { problems } = await check(auth(`method "approle" "x" { ${CONFIG} } ${SINK}`));
    expect(errorsOf(problems)).to.deep.equal(['CONFIG_MISSING 1:13']);
  });

  const path = (name: string): string => `config = { path = "/${name}" }`;
  const sinks: [name: string, text: string, paths: string[]][] = [
    [
      'labels and types mixed keep their order',
      `sink "file" { ${path('a')} } sink { type = "file" ${path('b')} }`,
      ['/a', '/b'],
    ],
    ['sink = { }', `sink = { type = "file" ${path('a')} }`, ['/a']],
    ['sink = [ ]', `sink = [ { type = "file" ${path('a')} }, { type = "file" ${path('b')} } ]`, ['/a', '/b']],
    [
      'sinks with types',
      `sinks { sink { type = "file" ${path('a')} } sink { type = "file" ${path('b')} } }`,
      ['/a', '/b'],
    ],
    ['sinks with labels', `sinks { sink "file" { ${path('a')} } }`, ['/a']],
    ['sinks = [ ]', `sinks = [ { type = "file" ${path('a')} }, { type = "file" ${path('b')} } ]`, ['/a', '/b']],
    ['sink and sinks together', `sink "file" { ${path('a')} } sinks { sink "file" { ${path('b')} } }`, ['/a', '/b']],
  ];
  for (const [name, text, paths] of sinks) {
    it(`sinks: ${name}`, async () => {
      const config = await load(auth(`method "approle" { ${CONFIG} } ${text}`));
      expect(config.identities[0]?.sinks.map(({ settings }) => settings.path)).to.deep.equal(paths);
    });
  }

  it('sinks are processed fully inside the wrapper: wrap_ttl counts', async () => {
    const config = await load(
      auth(`method "approle" { ${CONFIG} } sinks { sink "file" { wrap_ttl = "5m" ${path('a')} } }`),
    );
    expect(config.identities[0]?.sinks[0]?.wrapTtlMs).to.equal(300_000);
  });

  it('settings directly in sinks are one error', async () => {
    const { problems } = await check(auth(`method "approle" { ${CONFIG} } ${SINK} sinks { type = "file" }`));
    expect(errorsOf(problems)).to.deep.equal(['CONFIG_VALUE 1:113']);
  });

  it('sink and sinks together are a warning', async () => {
    const { problems } = await check(auth(`method "approle" { ${CONFIG} } ${SINK} sinks { ${SINK} }`));
    expect(warningsOf(problems)[0]).to.match(/^CONFIG_DUPLICATE /);
  });

  for (const [name, text] of [
    ['auto_auth = { }', `auto_auth = { method "approle" { ${CONFIG} } ${SINK} }`],
    [
      'auto_auth = [{ }]',
      `auto_auth = [{ method = { type = "approle" ${CONFIG} } sink = { type = "file" config = { path = "/t" } } }]`,
    ],
    ['AUTO_AUTH', `AUTO_AUTH { method "approle" { ${CONFIG} } ${SINK} }`],
  ] as const) {
    it(`auto_auth: ${name}`, async () => {
      expect(types(await load(text))).to.deep.equal(['approle', 'file']);
    });
  }

  for (const [name, text] of [
    ['label', `listener "tcp" { address = "a:1" tls_disable = true }`],
    ['type', `listener { type = "tcp" address = "a:1" tls_disable = true }`],
    ['upper-case label', `listener "TCP" { address = "a:1" tls_disable = true }`],
    ['attribute', `listener = { type = "TCP" address = "a:1" tls_disable = true }`],
    ['list', `listener = [ { type = "tcp" address = "a:1" tls_disable = true } ]`],
    ['keys in capitals', `listener "tcp" { Address = "a:1" TLS_Disable = true }`],
  ] as const) {
    it(`listener: ${name}`, async () => {
      const [listener] = (await load(text)).listeners;
      expect([listener?.type, listener?.settings.address, listener?.settings.tls_disable]).to.deep.equal([
        'tcp',
        'a:1',
        true,
      ]);
    });
  }

  it('listener with two labels has no type', async () => {
    const { problems } = await check(`listener "tcp" "x" { tls_disable = true }`);
    expect(errorsOf(problems)).to.deep.equal(['CONFIG_MISSING 1:1']);
  });

  it('labels of vault and cache are ignored with a warning', async () => {
    const { config, problems } = await check(`${LISTENER}vault "x" { address = "http://v:1" }\ncache "y" {}`);
    expect(config?.vault.address).to.equal('http://v:1');
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_IGNORED 2:7', 'CONFIG_IGNORED 3:7']);
  });

  for (const persist of [
    'persist "kubernetes" { path = "/p" }',
    'persist = { type = "kubernetes" path = "/p" }',
    'persist { type = "Kubernetes" path = "/p" }',
  ]) {
    it(`persist: ${persist}`, async () => {
      const { cache } = await load(`${LISTENER}cache { ${persist} }`);
      expect(cache?.persist?.store).to.deep.equal({ name: 'file', settings: { path: '/p' }, at: 'agent.hcl:2:9' });
      expect(cache?.persist?.key.type).to.equal('kubernetes');
    });
  }

  it('env_template takes its name quoted or not', async () => {
    const config = await load(
      `env_template "FOO" { contents = "x" }\nenv_template BAR { contents = "y" }\nexec { command = ["env"] }\n${LISTENER}`,
    );
    expect(config.notBuilt.map(({ what }) => what)).to.deep.equal(['env_template "FOO"', 'env_template "BAR"', 'exec']);
  });

  for (const [text, place] of [
    ['env_template { contents = "x" }', '1:1'],
    ['env_template "A" "B" { contents = "x" }', '1:18'],
  ] as const) {
    it(`needs one name: ${text} (L24)`, async () => {
      const { problems } = await check(`${text}\nexec { command = ["env"] }\n${LISTENER}`);
      expect(errorsOf(problems)).to.deep.equal([`CONFIG_MISSING ${place}`]);
    });
  }

  it('labels of template and exec are ignored, repeated wait and exec keep the last', async () => {
    const text = `template "x" { contents = "a" destination = "/d" wait { min = "1s" max = "x" } wait { min = "10s" max = "40s" } exec { command = "a" } exec { command = ["b"] } }`;
    const { problems } = await check(`${text}\n${LISTENER}`);
    expect(errorsOf(problems)).to.deep.equal([]);
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_NOT_SUPPORTED_YET 1:1']);
  });

  it('the same scalar twice in one file is a warning, the last counts', async () => {
    const { config, problems } = await check(`${LISTENER}pid_file = "/a"\nPid_File = "/b"`);
    expect(config?.pidFile).to.equal('/b');
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_DUPLICATE 3:1']);
  });

  it('a scalar where a block belongs is one error', async () => {
    expect(errorsOf((await check(`${LISTENER}vault = "http://v:1"`)).problems)).to.deep.equal(['CONFIG_TYPE 2:1']);
  });
});

describe('JSON shapes (spec config 1.2.3)', () => {
  const method = { type: 'approle', config: { role_id_file_path: '/r' } };
  const sink = { type: 'file', config: { path: '/t' } };
  const listener = { type: 'tcp', address: 'a:1', tls_disable: true };
  const proxy = { use_auto_auth_token: true };
  const loadJson = (value: object): Promise<AgentConfig> => load({ 'agent.json': JSON.stringify(value) });

  const rows: [name: string, value: object, expected: string[]][] = [
    ['sink as a list', { auto_auth: { method, sink: [sink, sink] } }, ['approle', 'file', 'file']],
    ['method alone', { auto_auth: { method }, listener, api_proxy: proxy }, ['approle']],
    ['sink as an object', { auto_auth: { method, sink } }, ['approle', 'file']],
    ['method as a list', { auto_auth: { method: [method], sink } }, ['approle', 'file']],
    [
      'type as the key of a method',
      { auto_auth: { method: { approle: { mount_path: 'auth/x', config: method.config } }, sink: [sink] } },
      ['approle', 'file'],
    ],
    [
      'type as the key of a sink',
      { auto_auth: { method, sink: [{ file: { config: sink.config } }] } },
      ['approle', 'file'],
    ],
    ['sinks', { auto_auth: { method, sinks: [{ sink }, { sink }] } }, ['approle', 'file', 'file']],
    [
      'nulls',
      { auto_auth: { method: { ...method, namespace: null, exit_on_err: null }, sink: [sink] }, cache: null },
      ['approle', 'file'],
    ],
    ['empty lists', { auto_auth: { method, sink: [] }, listener, template: [], api_proxy: proxy }, ['approle']],
  ];
  for (const [name, value, expected] of rows) {
    it(`auto_auth: ${name}`, async () => {
      expect(types(await loadJson(value))).to.deep.equal(expected);
    });
  }

  const { type: _type, ...settings } = listener;
  for (const value of [[listener], listener, [{ tcp: settings }], { tcp: settings }]) {
    it(`listener: ${JSON.stringify(value)}`, async () => {
      const config = await loadJson({ listener: value });
      expect(config.listeners.map((one) => [one.type, one.settings.address])).to.deep.equal([['tcp', 'a:1']]);
    });
  }

  for (const value of [
    [{ FOO: { contents: 'x' } }, { BAR: { contents: 'y' } }],
    { FOO: { contents: 'x' }, BAR: { contents: 'y' } },
  ]) {
    it(`env_template: ${JSON.stringify(value)}`, async () => {
      const config = await loadJson({ env_template: value, exec: { command: ['env'] }, listener });
      expect(config.notBuilt.map(({ what }) => what)).to.deep.equal([
        'env_template "FOO"',
        'env_template "BAR"',
        'exec',
      ]);
    });
  }

  for (const [vault, retries] of [
    [{ address: 'http://v:1', retry: { num_retries: 5 } }, 5],
    [{ retry: { num_retries: -1 } }, 0],
    [{ retry: {} }, 12],
  ] as const) {
    it(`vault: ${JSON.stringify(vault)} means ${retries} retries`, async () => {
      expect((await loadJson({ vault, listener })).vault.retries).to.equal(retries);
    });
  }

  for (const cache of [
    { persist: { type: 'kubernetes', path: '/p' } },
    { use_auto_auth_token: 'true', persist: { kubernetes: { path: '/p' } } },
  ]) {
    it(`cache: ${JSON.stringify(cache)} keeps persist`, async () => {
      const config = await loadJson({ cache, listener, auto_auth: { method, sink } });
      expect(config.cache?.persist?.store.settings).to.deep.equal({ path: '/p' });
    });
  }
});
