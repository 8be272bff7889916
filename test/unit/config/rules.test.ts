// Rules between stanzas beyond the fixtures (spec config 1.9), and that one mistake is one finding.
import { expect } from 'chai';
import type { CheckOptions } from '../../../core/config/check.js';
import { AUTH, LISTENER, check, errorsOf, load, warningsOf } from './checking.js';

const METHOD = `method "approle" { config = { role_id_file_path = "/r" } }`;
const sink = (keys: string): string => `auto_auth { ${METHOD} sink "file" { ${keys} config = { path = "/t" } } }`;
const method = (keys: string): string =>
  `auto_auth { method "approle" { ${keys} config = { role_id_file_path = "/r" } } sink "file" { config = { path = "/t" } } }`;
const inLine = (code: string, key: string): string[] => [`${code} ${key}`];

const ERRORS: [name: string, text: string, errors: string[], options?: Partial<CheckOptions>][] = [
  ['nothing at all (V9)', '', inLine('CONFIG_MISSING', '')],
  ['two vault blocks (L25)', `${LISTENER}vault {}\nvault {}`, inLine('CONFIG_DUPLICATE', 'vault')],
  ['two cache blocks (L18)', `${LISTENER}cache {}\ncache {}`, inLine('CONFIG_DUPLICATE', 'cache')],
  ['two auto_auth blocks without names (L5)', AUTH + AUTH, inLine('CONFIG_DUPLICATE', 'auto_auth')],
  [
    'no method (L6)',
    'auto_auth { sink "file" { config = { path = "/t" } } }',
    inLine('CONFIG_MISSING', 'auto_auth.method'),
  ],
  [
    'two methods (L6)',
    `auto_auth { ${METHOD} ${METHOD} sink "file" { config = { path = "/t" } } }`,
    inLine('CONFIG_DUPLICATE', 'auto_auth.method'),
  ],
  [
    'method without type (L7)',
    'auto_auth { method { config = { role = "x" } } sink "file" { config = { path = "/t" } } }',
    inLine('CONFIG_MISSING', 'auto_auth.method.type'),
  ],
  [
    'unknown method',
    'auto_auth { method "aprole" { config = { x = 1 } } sink "file" { config = { path = "/t" } } }',
    inLine('PLUGIN_NOT_FOUND', 'auto_auth.method.type'),
  ],
  [
    'unknown sink',
    `auto_auth { ${METHOD} sink "fil" { config = { x = 1 } } }`,
    inLine('PLUGIN_NOT_FOUND', 'auto_auth.sink.type'),
  ],
  [
    'unknown listener',
    'listener "tpc" { address = "a:1" tls_disable = true }',
    inLine('PLUGIN_NOT_FOUND', 'listener.type'),
  ],
  [
    'method.wrap_ttl that is no duration (L8)',
    method('wrap_ttl = "soon"'),
    inLine('CONFIG_TYPE', 'auto_auth.method.wrap_ttl'),
  ],
  [
    'sink without type (L9)',
    `auto_auth { ${METHOD} sink { config = { path = "/t" } } }`,
    inLine('CONFIG_MISSING', 'auto_auth.sink[0].type'),
  ],
  [
    'sink.wrap_ttl that is no duration (L10)',
    sink('wrap_ttl = "x"'),
    inLine('CONFIG_TYPE', 'auto_auth.sink[0].wrap_ttl'),
  ],
  [
    'dh_type that is unknown (L11)',
    sink('dh_type = "curve25518" dh_path = "/d"'),
    inLine('CONFIG_VALUE', 'auto_auth.sink[0].dh_type'),
  ],
  ['aad without encryption (L12)', sink('aad = "x"'), inLine('CONFIG_MISSING', 'auto_auth.sink[0].aad')],
  [
    'aad_env_var without encryption (L12)',
    sink('aad_env_var = "A"'),
    inLine('CONFIG_MISSING', 'auto_auth.sink[0].aad_env_var'),
    { env: { A: 'x' } },
  ],
  [
    'derive_key without encryption (L13)',
    sink('derive_key = true'),
    inLine('CONFIG_MISSING', 'auto_auth.sink[0].derive_key'),
  ],
  [
    'dh_type without dh_path (L14)',
    sink('dh_type = "curve25519"'),
    inLine('CONFIG_MISSING', 'auto_auth.sink[0].dh_path'),
  ],
  ['dh_path without dh_type (L14)', sink('dh_path = "/d"'), inLine('CONFIG_MISSING', 'auto_auth.sink[0].dh_type')],
  [
    'min_backoff over max_backoff',
    method('min_backoff = "10s" max_backoff = "5s"'),
    inLine('CONFIG_VALUE', 'auto_auth.method.min_backoff'),
  ],
  [
    'min_backoff over the default of max_backoff',
    method('min_backoff = "10m"'),
    inLine('CONFIG_VALUE', 'auto_auth.method.min_backoff'),
  ],
  [
    'wrap_ttl with templates (R19)',
    `${method('wrap_ttl = "5m"')}\ntemplate { contents = "x" destination = "/d" }`,
    inLine('CONFIG_CONFLICT', 'auto_auth.method.wrap_ttl'),
  ],
  [
    'use_auto_auth_token that is no choice (L18)',
    `${AUTH}${LISTENER}cache { use_auto_auth_token = "yes" }`,
    inLine('CONFIG_VALUE', 'cache.use_auto_auth_token'),
  ],
  [
    'the same in api_proxy is the only finding (L20)',
    `auto_auth { ${METHOD} }\n${LISTENER}api_proxy { use_auto_auth_token = "yes" }`,
    inLine('CONFIG_VALUE', 'api_proxy.use_auto_auth_token'),
  ],
  ['api_proxy without listener (V5)', `${AUTH}api_proxy {}`, inLine('CONFIG_MISSING', 'api_proxy')],
  [
    'token without auto_auth (V6)',
    `${LISTENER}api_proxy { use_auto_auth_token = true }`,
    inLine('CONFIG_MISSING', 'api_proxy.use_auto_auth_token'),
  ],
  [
    'token with wrapping (V7)',
    `${method('wrap_ttl = 60')}\n${LISTENER}api_proxy { use_auto_auth_token = true }`,
    inLine('CONFIG_CONFLICT', 'api_proxy.use_auto_auth_token'),
  ],
  ['exec without env_template (V11)', `${LISTENER}exec { command = ["env"] }`, inLine('CONFIG_MISSING', 'exec')],
  [
    'exec without command (V14)',
    `${LISTENER}env_template "A" { contents = "x" }\nexec {}`,
    inLine('CONFIG_MISSING', 'exec.command'),
  ],
  [
    'exec with an empty command (V14)',
    `${LISTENER}env_template "A" { contents = "x" }\nexec { command = "" }`,
    inLine('CONFIG_VALUE', 'exec.command'),
  ],
  [
    'restart_on_secret_changes (V15)',
    `${LISTENER}env_template "A" { contents = "x" }\nexec { command = "a" restart_on_secret_changes = "alwys" }`,
    inLine('CONFIG_VALUE', 'exec.restart_on_secret_changes'),
  ],
  [
    'a variable twice (V16)',
    `${LISTENER}env_template "A" { contents = "x" }\nenv_template "A" { contents = "y" }\nexec { command = "a" }`,
    inLine('CONFIG_DUPLICATE', 'env_template.A'),
  ],
  [
    'neither contents nor source (V17)',
    `${LISTENER}env_template "A" {}\nexec { command = "a" }`,
    inLine('CONFIG_MISSING', 'env_template.A'),
  ],
  [
    'both contents and source (V17)',
    `${LISTENER}env_template "A" { contents = "x" source = "/s" }\nexec { command = "a" }`,
    inLine('CONFIG_CONFLICT', 'env_template.A'),
  ],
  [
    'unknown key in template is always an error (L22)',
    `${LISTENER}template { contents = "x" destination = "/d" perm = "0600" }`,
    inLine('CONFIG_UNKNOWN_KEY', 'template[0].perm'),
  ],
  [
    'template without destination',
    `${LISTENER}template { contents = "x" }`,
    inLine('CONFIG_MISSING', 'template[0].destination'),
  ],
  [
    'consistency in both blocks (1.9.3)',
    `${AUTH}${LISTENER}cache { enforce_consistency = "never" }\napi_proxy { enforce_consistency = "never" }`,
    inLine('CONFIG_CONFLICT', 'cache.enforce_consistency'),
  ],
  [
    'unknown consistency (1.9.3)',
    `${AUTH}${LISTENER}api_proxy { when_inconsistent = "retri" }`,
    inLine('CONFIG_VALUE', 'api_proxy.when_inconsistent'),
  ],
  [
    'half a client certificate (1.9.3)',
    `${LISTENER}vault { client_cert = "/c" }`,
    inLine('CONFIG_MISSING', 'vault.client_key'),
  ],
  ['log level (1.9.3)', `${LISTENER}log_level = "inof"`, inLine('CONFIG_VALUE', 'log_level')],
  ['glob characters in log_file', `${LISTENER}log_file = "/l*"`, inLine('CONFIG_VALUE', 'log_file')],
  [
    'role of a listener (L3)',
    'listener "tcp" { tls_disable = true role = "metrics" }',
    inLine('CONFIG_VALUE', 'listener[0].role'),
  ],
  ['listener without type (L3)', 'listener { tls_disable = true }', inLine('CONFIG_MISSING', 'listener[0].type')],
  ['tcp without certificate', 'listener "tcp" { address = "a:1" }', inLine('CONFIG_LISTENER_TLS', 'listener[0]')],
  ['two listeners on one address', LISTENER + LISTENER, inLine('CONFIG_CONFLICT', 'listener[1].address')],
  [
    'an address without scheme',
    `${LISTENER}vault { address = "vault:8200" }`,
    inLine('CONFIG_ADDRESS', 'vault.address'),
  ],
  [
    'required setting of a plugin',
    `auto_auth { method "kubernetes" { config = {} } sink "file" { config = { path = "/t" } } }`,
    inLine('CONFIG_MISSING', 'auto_auth.method.config.role'),
  ],
  [
    'one of two settings of a plugin',
    `auto_auth { method "approle" { config = {} } sink "file" { config = { path = "/t" } } }`,
    inLine('CONFIG_MISSING', 'auto_auth.method.config'),
  ],
  [
    'settings that exclude each other',
    `auto_auth { method "approle" { config = { role_id = "a" role_id_file_path = "/r" } } sink "file" { config = { path = "/t" } } }`,
    inLine('CONFIG_VALUE', 'auto_auth.method.config'),
  ],
  [
    'unknown request hasher',
    `${LISTENER}cache { request_hasher "exct" {} }`,
    inLine('PLUGIN_NOT_FOUND', 'cache.request_hasher'),
  ],
  [
    'a misspelt method block is one finding',
    'auto_auth { methd "approle" { config = {} } sink "file" { config = { path = "/t" } } }',
    inLine('CONFIG_UNKNOWN_KEY', 'auto_auth.methd'),
  ],
  [
    'a misspelt listener block is one finding',
    `${AUTH}listner "tcp" { tls_disable = true }\napi_proxy { use_auto_auth_token = true }`,
    inLine('CONFIG_UNKNOWN_KEY', 'listner'),
  ],
  [
    'a misspelt required setting is one finding',
    `auto_auth { method "kubernetes" { config = { roel = "x" } } sink "file" { config = { path = "/t" } } }`,
    inLine('CONFIG_UNKNOWN_KEY', 'auto_auth.method.config.roel'),
  ],
  [
    'cache of a proxy needs a listener',
    'cache {}\ntemplate { contents = "x" destination = "/d" }',
    inLine('CONFIG_MISSING', 'cache'),
    { product: 'proxy' },
  ],
];

describe('rules (spec config 1.9)', () => {
  for (const [name, text, errors, options] of ERRORS) {
    it(`${name}: exactly one error that says what to do`, async () => {
      const { problems } = await check(text, options);
      const found = problems.filter(({ severity }) => severity === 'error');
      expect(found.map((problem) => `${problem.code} ${problem.key ?? ''}`)).to.deep.equal(errors);
      expect(
        found.every(({ hint }) => (hint ?? '') !== ''),
        'has a hint',
      ).to.equal(true);
    });
  }

  const shapes: [text: string, key: string][] = [
    [
      `auto_auth { method "kubernetes" { config = "x" } sink "file" { config = { path = "/t" } } }`,
      'auto_auth.method.config',
    ],
    ['auto_auth = 5', 'auto_auth'],
    ['listener = "tcp"', 'listener'],
  ];
  for (const [text, key] of shapes) {
    it(`${text} is one CONFIG_TYPE, and nothing is missing besides`, async () => {
      const { problems } = await check(text);
      expect(problems.map((problem) => `${problem.code} ${problem.key}`)).to.deep.equal([`CONFIG_TYPE ${key}`]);
    });
  }

  it('all rules are reported, not only the first (R4)', async () => {
    const { problems } = await check(
      `${method('wrap_ttl = 60 min_backoff = "1h"')}\n${LISTENER}cache { use_auto_auth_token = true }\nexec { command = "a" }`,
    );
    expect(errorsOf(problems).map((one) => one.split(' ')[0])).to.have.members([
      'CONFIG_VALUE',
      'CONFIG_CONFLICT',
      'CONFIG_MISSING',
    ]);
  });

  it('min_backoff may equal max_backoff', async () => {
    expect((await load(method('min_backoff = "5m"'))).identities[0]?.method.minBackoffMs).to.equal(300_000);
  });

  it('D-47: use in cache counts beside an api_proxy block without it', async () => {
    const config = await load(
      `auto_auth { ${METHOD} }\n${LISTENER}cache { use_auto_auth_token = "force" }\napi_proxy {}`,
    );
    expect(config.apiProxy.useAutoAuthToken).to.equal('force');
  });

  it('the nearest names are suggested for types and keys', async () => {
    const { problems } = await check(
      'auto_auth { method "aprole" {} sink "file" { config = { path = "/t" modee = "0600" } } }',
    );
    expect(problems.map(({ hint }) => hint?.split(' known:')[0])).to.deep.equal([
      'did you mean "approle"?',
      'did you mean "mode"?',
    ]);
  });

  it('a unix listener without tls_disable is served plain, with a warning', async () => {
    const { config, problems } = await check('listener "unix" { address = "/s" }');
    expect(config?.listeners).to.have.length(1);
    expect(warningsOf(problems)).to.deep.equal(['CONFIG_LISTENER_TLS 1:1']);
  });

  it('keys of a server listener are accepted and ignored with a warning (spec cache 2.1)', async () => {
    const { config, problems } = await check(
      'listener "tcp" { tls_disable = true\nmax_request_size = 5\nhttp_read_timeout = "5s"\ncors_enabled = true\ntelemetry { unauthenticated_metrics_access = true } }',
      { strict: true },
    );
    expect(config).to.not.equal(undefined);
    expect(warningsOf(problems)).to.deep.equal([
      'CONFIG_IGNORED 2:1',
      'CONFIG_IGNORED 3:1',
      'CONFIG_IGNORED 4:1',
      'CONFIG_IGNORED 5:1',
    ]);
  });

  it('keys that only a server needs are ignored with a warning', async () => {
    const { config, problems } = await check(
      `${LISTENER}disable_mlock = true\nseal "x" { a = 1 }\npki_external_ca "y" {}`,
      { strict: true },
    );
    expect(config).to.not.equal(undefined);
    expect(problems.map(({ code }) => code)).to.deep.equal(['CONFIG_IGNORED', 'CONFIG_IGNORED', 'CONFIG_IGNORED']);
  });

  it('agent_api and proxy_api belong to their product', async () => {
    const text = 'listener "tcp" { tls_disable = true proxy_api { enable_quit = true } }';
    expect((await load(text, { product: 'proxy' })).listeners[0]?.enableQuit).to.equal(true);
    const { config, problems } = await check(text);
    expect([config?.listeners[0]?.enableQuit, ...problems.map(({ code }) => code)]).to.deep.equal([
      false,
      'CONFIG_IGNORED',
    ]);
  });

  it('the configuration is frozen all the way down', async () => {
    const config = await load(`${AUTH}${LISTENER}`);
    expect(Object.isFrozen(config.identities[0]?.method.settings)).to.equal(true);
    expect(Object.isFrozen(config.listeners)).to.equal(true);
  });
});
