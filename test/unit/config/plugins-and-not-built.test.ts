// External plugins' schemas, plugin sources, what is not built, missing files, and the composed schema.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { composeSchema } from '../../../core/config/compose-schema.js';
import { pluginSources } from '../../../core/config/check.js';
import type { CatalogEntry } from '../../../core/contracts/catalog.js';
import { readText } from '../../../core/kernel/hcl/read.js';
import { AUTH, LISTENER, catalogOf, check, load } from './checking.js';

describe('schemas of external plugins', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'claviger-schema-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function external(schema: string, kind: 'auth-method' | 'listener' = 'auth-method'): CatalogEntry {
    writeFileSync(join(folder, 'schema.json'), schema);
    return {
      manifest: {
        sdk: 1,
        kind,
        name: 'ours',
        entry: './index.js',
        schema: './schema.json',
        summary: 's',
        version: '1.0.0',
        stability: 'stable',
        aliases: ['mine'],
        mount: 'auth/special',
      },
      folder,
      origin: 'external',
      entryPath: join(folder, 'index.js'),
      schemaPath: join(folder, 'schema.json'),
    };
  }
  const text = (config: string, type = 'ours'): string =>
    `auto_auth { method "${type}" { config = { ${config} } } sink "file" { config = { path = "/t" } } }`;
  const SCHEMA = JSON.stringify({
    type: 'object',
    additionalProperties: false,
    required: ['role'],
    'x-vendor': 1,
    properties: {
      role: { type: 'string', minLength: 2 },
      every: { type: ['string', 'number'], 'x-duration': true, default: '2s' },
      key: { type: 'string', 'x-secret': true, pattern: '^a+$' },
    },
  });

  it('settings are coerced, defaults filled, the mount is the one of the manifest', async () => {
    const config = await load(text('role = "app"'), { catalog: catalogOf([external(SCHEMA)]) });
    expect(config.identities[0]?.method).to.deep.include({
      type: 'ours',
      mountPath: 'auth/special',
      settings: { role: 'app', every: 2_000 },
    });
  });

  it('an alias has its own mount', async () => {
    const config = await load(text('role = "app"', 'mine'), { catalog: catalogOf([external(SCHEMA)]) });
    expect(config.identities[0]?.method).to.deep.include({ type: 'ours', mountPath: 'auth/mine' });
  });

  it('findings have places, and never show a secret', async () => {
    const { problems } = await check(text('role = "a" key = "hunter2"'), { catalog: catalogOf([external(SCHEMA)]) });
    expect(problems.map(({ code, at }) => `${code} ${at?.line}:${at?.column}`)).to.deep.equal([
      'CONFIG_VALUE 1:40',
      'CONFIG_VALUE 1:51',
    ]);
    expect(JSON.stringify(problems)).to.not.include('hunter2');
  });

  for (const [name, schema] of [
    ['is no JSON', '{'],
    ['is no object', '[]'],
    ['has an unknown type', '{"type":"thing"}'],
    ['has a misspelt keyword', '{"type":"object","requird":["a"]}'],
  ] as const) {
    it(`a schema that ${name} is one PLUGIN_SCHEMA that names it`, async () => {
      const { config, problems } = await check(text('role = "app"'), { catalog: catalogOf([external(schema)]) });
      expect(config).to.equal(undefined);
      expect(problems.map(({ code }) => code)).to.deep.equal(['PLUGIN_SCHEMA']);
      expect(problems[0]?.message).to.include(join(folder, 'schema.json'));
      expect(problems[0]?.hint).to.include('"ours"');
    });
  }

  it('names of a listener plugin keep their spelling', async () => {
    const schema = JSON.stringify({
      type: 'object',
      additionalProperties: false,
      properties: { pipeName: { type: 'string' } },
    });
    const config = await load('listener "ours" { PIPENAME = "x" role = "default" }', {
      catalog: catalogOf([external(schema, 'listener')]),
    });
    expect(config.listeners[0]?.settings).to.deep.equal({ pipeName: 'x' });
  });
});

describe('what is not built', () => {
  const list = JSON.parse(
    readFileSync(new URL('../../../../config-schema/not-built.json', import.meta.url), 'utf8'),
  ) as { entries: { key: string; value?: string }[] };

  it('each use is a warning and is in notBuilt, with its place', async () => {
    const text = `${LISTENER}telemetry { statsd_address = "x:1" circonus_api_token = "t" metrics_prefix = "p" }\napi_proxy { when_inconsistent = "retry" }`;
    const { config, problems } = await check(text);
    expect(config?.notBuilt).to.deep.equal([
      { what: 'telemetry.statsd_address', at: 'agent.hcl:2:13' },
      { what: 'the circonus exporter of telemetry', at: 'agent.hcl:2:36' },
      { what: 'when_inconsistent = "retry"', at: 'agent.hcl:3:13' },
    ]);
    expect(problems.map(({ code, severity }) => `${severity} ${code}`)).to.deep.equal(
      Array(3).fill('warning CONFIG_NOT_SUPPORTED_YET'),
    );
  });

  it('values that turn nothing on do not count', async () => {
    const text = `${AUTH}${LISTENER}telemetry { statsd_address = "" }\napi_proxy { enforce_consistency = "never" when_inconsistent = "fail" prepend_configured_namespace = false }\ntemplate_config { exit_on_retry_failure = true }`;
    expect((await load(text)).notBuilt).to.deep.equal([]);
  });

  it('variables count too', async () => {
    expect((await load(LISTENER, { env: { VAULT_SRV_LOOKUP: 'true' } })).notBuilt).to.deep.equal([
      { what: 'VAULT_SRV_LOOKUP', at: 'VAULT_SRV_LOOKUP' },
    ]);
    expect((await load(LISTENER, { env: { VAULT_SRV_LOOKUP: 'false' } })).notBuilt).to.deep.equal([]);
  });

  for (const { value } of list.entries.filter(({ key }) => key === 'auto_auth.method.type')) {
    it(`the settings of method "${value}" are validated`, async () => {
      const { problems } = await check(
        `auto_auth { method "${value}" { config = { rol = "x" } } sink "file" { config = { path = "/t" } } }`,
      );
      expect(problems.map(({ code }) => code)).to.include('CONFIG_NOT_SUPPORTED_YET');
      expect(
        problems.some(({ severity }) => severity === 'error'),
        'what is missing is found',
      ).to.equal(true);
    });
  }

  it('a plugin of the catalog is built whatever the list says', async () => {
    const entry = catalogOf().find('auth-method', 'kubernetes') as CatalogEntry;
    const catalog = catalogOf([{ ...entry, manifest: { ...entry.manifest, name: 'made-up' } }]);
    const text = 'auto_auth { method "made-up" { config = { role = "x" } } sink "file" { config = { path = "/t" } } }';
    expect((await load(text, { catalog })).notBuilt).to.deep.equal([]);
  });
});

describe('sources of plugins', () => {
  const sources = (text: string): ReturnType<typeof pluginSources> => pluginSources(readText(text, 'a.hcl').tree);

  it('folders are a text or a list', () => {
    expect(sources('plugin_directory = "/a"').directories).to.deep.equal(['/a']);
    expect(sources('plugin_directory = ["/a", "/b"]').directories).to.deep.equal(['/a', '/b']);
  });

  it('plugin blocks with their settings', () => {
    const sum = 'AB'.repeat(32);
    expect(
      sources(`plugin "x" { sha256 = "${sum}" package = "p" override = true may_fail = "true" }\nvault {}\nvault {}`),
    ).to.deep.equal({
      directories: [],
      blocks: [{ name: 'x', sha256: sum.toLowerCase(), package: 'p', override: true, mayFail: true, at: 'a.hcl:1:1' }],
      problems: [],
    });
  });

  it('the same is in the configuration, validated', async () => {
    const config = await load(`${LISTENER}plugin_directory = "/a"\nplugin "x" { package = "p" }`);
    expect([config.pluginDirectories, config.plugins.map(({ name, mayFail }) => [name, mayFail])]).to.deep.equal([
      ['/a'],
      [['x', false]],
    ]);
    const { problems } = await check(`${LISTENER}plugin "x" { sha256 = "12" }`);
    expect(problems.map(({ code, key }) => `${code} ${key}`)).to.deep.equal(['CONFIG_VALUE plugin.x.sha256']);
  });
});

describe('missing files (config validate)', () => {
  it('each named file that is not there is a warning at its key', async () => {
    const text = `vault { ca_cert = "/ca" }\nauto_auth { method "approle" { config = { role_id_file_path = "/r" secret_id_file_path = "/s" } } sink "file" { config = { path = "/t" } } }\ntemplate { source = "/x" destination = "/y" }`;
    const { config, problems } = await check(text, { exists: (path) => path === '/s' });
    expect(config).to.not.equal(undefined);
    const missing = problems.filter(({ code }) => code === 'CONFIG_FILE_MISSING');
    expect(missing.map(({ key, severity, at }) => `${severity} ${key} ${at?.line}:${at?.column}`)).to.deep.equal([
      'warning vault.ca_cert 1:9',
      'warning auto_auth.method.config.role_id_file_path 2:43',
      'warning template[0].source 3:12',
    ]);
  });

  it('the secret of a second factor is one of them', async () => {
    const method = 'method "approle" { mfa { totp { secret_file = "/m" } } config = { role_id_file_path = "/r" } }';
    const text = `auto_auth { ${method} sink "file" { config = { path = "/t" } } }`;
    const { problems } = await check(text, { exists: (path) => path === '/r' });
    expect(problems.map(({ code, key }) => `${code} ${key ?? ''}`)).to.deep.equal([
      'CONFIG_FILE_MISSING auto_auth.method.mfa.totp.secret_file',
    ]);
  });

  it('nothing is looked for without `exists`', async () => {
    expect((await check(`${AUTH}vault { ca_cert = "/ca" }`)).problems).to.deep.equal([]);
  });
});

describe('composed schema', () => {
  it('holds every block and the settings of every plugin, and all references lead somewhere', async () => {
    const catalog = catalogOf();
    const schema = (await composeSchema(catalog)) as { $defs: Record<string, unknown> };
    for (const { manifest } of catalog.all())
      expect(schema.$defs).to.have.property(`${manifest.kind}:${manifest.name}`);
    const refs = [...JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/([^"/]+)"/g)].map(([, name]) => name ?? '');
    expect(refs).to.not.be.empty;
    for (const name of refs) expect(schema.$defs).to.have.property(name);
  });
});
