// Every fixture situation of spec config 1.12 with texts of our own (R1). The reference loads and validates in two steps, ours in one: a file
// that it loads and then refuses is refused here.
import { expect } from 'chai';
import type { AgentConfig } from '../../../core/contracts/agent-config.js';
import { LISTENER, check, load } from './checking.js';

const METHOD = `method "aws" { mount_path = "auth/aws" namespace = "my-namespace/" config = { role = "foobar" } }`;
const FILE = `sink "file" { config = { path = "/tmp/file-foo" } }`;
const ENCRYPTED = `sink "file" { wrap_ttl = "5m" aad_env_var = "TEST_AAD_ENV" dh_type = "curve25519" dh_path = "/tmp/dh" derive_key = true config = { path = "/tmp/file-bar" } }`;
const AUTH = `auto_auth { ${METHOD} ${FILE} }\n`;
const env = { TEST_AAD_ENV: 'aad' };
const TEMPLATE = `template { source = "/s" destination = "/d" }\n`;
const EXEC = `exec { command = ["env"] }\n`;
const ENV_TEMPLATE = `env_template "FOO" { contents = "x" }\n`;
const PERSIST = `persist = { type = "kubernetes" path = "/p" keep_after_import = true exit_on_err = true service_account_token_file = "/t" }`;
const LISTENERS = `listener "unix" { address = "/s" tls_disable = true }
listener "tcp" { address = "127.0.0.1:8300" tls_disable = true }
listener { type = "tcp" address = "127.0.0.1:3000" tls_disable = true role = "metrics_only" }
listener "tcp" { role = "default" address = "127.0.0.1:8400" tls_key_file = "/k" tls_cert_file = "/c" }\n`;
const VAULT = `vault { address = "http://127.0.0.1:1111" ca_cert = "config_ca_cert" ca_path = "config_ca_path" client_cert = "c" client_key = "k" tls_skip_verify = "true" }\n`;

function withMethod(keys: string, sinks = FILE): string {
  return `auto_auth { method "aws" { ${keys} config = { role = "foobar" } } ${sinks} }\n`;
}

type Row = [
  name: string,
  text: string | Record<string, string>,
  expected: (config: AgentConfig) => unknown,
  value: unknown,
];
const method = (config: AgentConfig): AgentConfig['identities'][number]['method'] | undefined =>
  config.identities[0]?.method;
const use = (config: AgentConfig): string => config.apiProxy.useAutoAuthToken;
const idle = (config: AgentConfig): unknown => config.disableIdleConnections;

const cached = (token: string): string => `${AUTH}cache { ${token} }\n${LISTENER}`;

const GOOD: Row[] = [
  [
    'config',
    `pid_file = "./pidfile"\nlog_file = "/l"\nauto_auth { ${METHOD.replace('my-namespace/', '/my-namespace')} ${FILE} ${ENCRYPTED} }`,
    (c) => [
      method(c)?.mountPath,
      method(c)?.namespace,
      c.identities[0]?.sinks[1]?.wrapTtlMs,
      c.identities[0]?.sinks[1]?.encryption,
    ],
    ['auth/aws', 'my-namespace/', 300_000, { dhPath: '/tmp/dh', deriveKey: true, aad: 'aad' }],
  ],
  [
    'config-method-wrapping',
    withMethod('wrap_ttl = 300 max_backoff = "2m"'),
    (c) => [method(c)?.wrapTtlMs, method(c)?.maxBackoffMs],
    [300_000, 120_000],
  ],
  [
    'config-method-initial-backoff',
    withMethod('wrap_ttl = 5 min_backoff = "5s" max_backoff = "2m"'),
    (c) => method(c)?.minBackoffMs,
    5_000,
  ],
  ['config-method-exit-on-err', withMethod('exit_on_err = true'), (c) => method(c)?.exitOnErr, true],
  [
    'config-cache',
    `${AUTH}cache { use_auto_auth_token = true ${PERSIST} }\n${LISTENERS}${VAULT}`,
    (c) => [use(c), c.vault.retries, c.vault.tlsSkipVerify, c.listeners.map(({ type, role }) => `${type} ${role}`)],
    ['default', 12, true, ['unix default', 'tcp default', 'tcp metrics_only', 'tcp default']],
  ],
  ['config-cache-no-auto_auth', `cache {}\n${LISTENER}`, (c) => [c.cache !== undefined, use(c)], [true, 'never']],
  [
    'config-cache-auto_auth-no-sink',
    `auto_auth { ${METHOD} }\ncache { use_auto_auth_token = true }\n${LISTENER}`,
    use,
    'default',
  ],
  ['config-cache-auto_auth-true', cached('use_auto_auth_token = "true" force_auto_auth_token = false'), use, 'default'],
  ['config-cache-auto_auth-false', cached('use_auto_auth_token = "false"'), use, 'never'],
  ['config-cache-auto_auth-force', cached('use_auto_auth_token = "force"'), use, 'force'],
  [
    'config-cache-persist-false',
    cached('persist "kubernetes" { path = "/p" keep_after_import = false exit_on_err = false }'),
    (c) => [c.cache?.persist?.keepAfterImport, c.cache?.persist?.exitOnErr, c.notBuilt.length],
    [false, false, 0],
  ],
  [
    'config-api_proxy-auto_auth-all-api_proxy-config',
    `${AUTH}api_proxy { use_auto_auth_token = "force" }\n${LISTENER}`,
    use,
    'force',
  ],
  [
    'config-dir-cache',
    { '1.hcl': `${AUTH}${LISTENERS}`, '2.hcl': `cache { use_auto_auth_token = true ${PERSIST} }\n${VAULT}` },
    (c) => [use(c), c.vault.retries, c.listeners.length],
    ['default', 12, 4],
  ],
  [
    'config-dir-auto-auth-and-listener',
    { '1.hcl': `pid_file = "./a"\n${AUTH}`, '2.hcl': `pid_file = "./b"\n${LISTENER}` },
    (c) => [c.pidFile, c.identities.length, c.listeners.length],
    ['./b', 1, 1],
  ],
  [
    'config-dir-vault-block',
    { '1.hcl': VAULT, '2.hcl': AUTH },
    (c) => [c.vault.address, c.vault.retries],
    ['http://127.0.0.1:1111', 12],
  ],
  ['config-vault-retry', `${AUTH}vault { retry { num_retries = 5 } }`, (c) => c.vault.retries, 5],
  ['config-vault-retry-empty', `${AUTH}vault { retry {} }`, (c) => c.vault.retries, 12],
  [
    'config-template_config',
    `${AUTH}${TEMPLATE}template_config { exit_on_retry_failure = true static_secret_render_interval = 60 }`,
    (c) => c.notBuilt.length,
    1,
  ],
  ['config-template_config-empty', `${AUTH}template_config {}`, (c) => c.notBuilt.length, 0],
  [
    'config-template-min-nosink',
    `auto_auth { ${METHOD} }\n${TEMPLATE}`,
    (c) => c.notBuilt.map(({ what }) => what),
    ['template'],
  ],
  [
    'config-template-full',
    `${AUTH}template { destination = "/d" source = "/s" create_dest_dirs = true command = "restart a" command_timeout = 60 error_on_missing_key = false perms = 0655 backup = true left_delimiter = "<<" right_delimiter = ">>" sandbox_path = "/x" wait { min = "5s" max = "30s" } wait { min = "10s" max = "40s" } exec { command = ["a"] timeout = "60s" } }`,
    (c) => c.notBuilt.length,
    1,
  ],
  [
    'config-template-many',
    `${AUTH}${TEMPLATE}template { contents = "x" destination = "/e" perms = "0755" }`,
    (c) => c.notBuilt.length,
    2,
  ],
  ['config-template-with-cache', `${AUTH}cache {}\n${TEMPLATE}`, (c) => c.cache !== undefined, true],
  ['config-env-templates-simple', `${AUTH}${ENV_TEMPLATE}${EXEC}`, (c) => c.notBuilt.length, 2],
  [
    'config-env-templates-complex',
    `${AUTH}cache {}\n${ENV_TEMPLATE}env_template "BAR" { contents = "y" }\nexec { command = ["env"] restart_on_secret_changes = "never" restart_stop_signal = "sigint" }`,
    (c) => c.notBuilt.length,
    3,
  ],
  [
    'config-env-templates-with-source',
    `${AUTH}env_template "FOO" { source = "/s" }\n${EXEC}`,
    (c) => c.notBuilt.length,
    2,
  ],
  [
    'config-disable-idle-connections-all',
    `${AUTH}disable_idle_connections = ["auto-auth","caching","templating","proxying"]`,
    idle,
    ['auto-auth', 'proxying', 'templating'],
  ],
  ...(['auto-auth', 'caching', 'proxying', 'templating'] as const).map((part): Row => [
    `config-disable-idle-connections-${part}`,
    `${AUTH}disable_idle_connections = ["${part}"]`,
    idle,
    [part === 'caching' ? 'proxying' : part],
  ]),
  ['config-disable-idle-connections-empty', `${AUTH}disable_idle_connections = []`, idle, []],
  [
    'config-disable-keep-alives-all',
    `${AUTH}disable_keep_alives = ["auto-auth","caching","templating","proxying",""]`,
    (c) => c.disableKeepAlives,
    ['auto-auth', 'proxying', 'templating'],
  ],
  [
    'config-consistency',
    cached('enforce_consistency = "always" when_inconsistent = "retry"'),
    (c) => [c.apiProxy.enforceConsistency, c.apiProxy.whenInconsistent],
    ['always', 'retry'],
  ],
  [
    'config-consistency-apiproxy',
    `${AUTH}api_proxy { enforce_consistency = "always" when_inconsistent = "retry" }\n${LISTENER}`,
    (c) => [c.apiProxy.enforceConsistency, c.notBuilt.length],
    ['always', 2],
  ],
  [
    'config-auto-auth-aws (IPv6)',
    `${AUTH}vault { address = "https://[2001:0db8::0001]:8200" }\nlistener "tcp" { address = "2001:0db8::0001:8200" tls_disable = true }`,
    (c) => [c.vault.address, c.listeners[0]?.settings.address],
    ['https://[2001:db8::1]:8200', '2001:db8::1:8200'],
  ],
];

const BAD: [name: string, text: string, code: string, key: string][] = [
  [
    'config-cache-no-listeners (V5 of the reference)',
    `${AUTH}cache { use_auto_auth_token = true ${PERSIST} }\n${TEMPLATE}`,
    'CONFIG_MISSING',
    'cache.use_auto_auth_token',
  ],
  [
    'config-cache-persist-empty-type (L19)',
    cached('persist = { path = "/p" }'),
    'CONFIG_MISSING',
    'cache.persist.type',
  ],
  ['config-template-min-no-auth (V9)', TEMPLATE, 'CONFIG_MISSING', ''],
  [
    'bad-config-cache-inconsistent-auto_auth (V3)',
    `cache { use_auto_auth_token = true }\n${LISTENER}`,
    'CONFIG_MISSING',
    'cache.use_auto_auth_token',
  ],
  [
    'bad-config-cache-force-token-no-auth-method (V3)',
    `cache { use_auto_auth_token = "force" }\n${LISTENER}`,
    'CONFIG_MISSING',
    'cache.use_auto_auth_token',
  ],
  ['bad-config-cache-no-listeners (V2)', 'cache {}', 'CONFIG_MISSING', 'cache'],
  ['bad-config-auto_auth-nosinks-nocache-notemplates (V8)', `auto_auth { ${METHOD} }`, 'CONFIG_MISSING', 'auto_auth'],
  [
    'bad-config-auto_auth-wrapped-multiple-sinks (L15)',
    withMethod('wrap_ttl = 300', `${FILE} ${FILE}`),
    'CONFIG_CONFLICT',
    'auto_auth.method.wrap_ttl',
  ],
  [
    'bad-config-method-wrapping-and-sink-wrapping (L16)',
    withMethod('wrap_ttl = 300', 'sink "file" { wrap_ttl = 300 config = { path = "/t" } }'),
    'CONFIG_CONFLICT',
    'auto_auth.sink[0].wrap_ttl',
  ],
  [
    'bad-config-cache-auto_auth-method-wrapping (V4)',
    `${withMethod('wrap_ttl = 300')}cache { use_auto_auth_token = true }\n${LISTENER}`,
    'CONFIG_CONFLICT',
    'cache.use_auto_auth_token',
  ],
  [
    'bad-config-api_proxy-cache (V1)',
    `${AUTH}cache { use_auto_auth_token = true }\napi_proxy { use_auto_auth_token = "force" }\n${LISTENER}`,
    'CONFIG_CONFLICT',
    'cache.use_auto_auth_token',
  ],
  [
    'bad-config-disable-idle-connections (L26)',
    `${AUTH}disable_idle_connections = ["foo", "caching"]`,
    'CONFIG_VALUE',
    'disable_idle_connections[0]',
  ],
  [
    'bad-config-disable-keep-alives (L26)',
    `${AUTH}disable_keep_alives = ["caching", "foo"]`,
    'CONFIG_VALUE',
    'disable_keep_alives[1]',
  ],
  [
    'bad-config-env-templates-no-name (L24)',
    `${AUTH}env_template { contents = "x" }\n${EXEC}`,
    'CONFIG_MISSING',
    'env_template',
  ],
  [
    'bad-config-env-templates-invalid-signal (L23)',
    `${AUTH}${ENV_TEMPLATE}exec { command = ["env"] restart_stop_signal = "notasignal" }`,
    'CONFIG_VALUE',
    'exec.restart_stop_signal',
  ],
  ['bad-config-env-templates-missing-exec (V10)', `${AUTH}${ENV_TEMPLATE}`, 'CONFIG_MISSING', 'exec'],
  [
    'bad-config-env-templates-with-proxy (V12)',
    `${AUTH}${ENV_TEMPLATE}${EXEC}api_proxy { use_auto_auth_token = true }\n${LISTENER}`,
    'CONFIG_CONFLICT',
    'api_proxy',
  ],
  [
    'bad-config-env-templates-with-file-templates (V13)',
    `${AUTH}${ENV_TEMPLATE}${EXEC}${TEMPLATE}`,
    'CONFIG_CONFLICT',
    'template',
  ],
  [
    'bad-config-env-templates-disallowed-fields (V18)',
    `${AUTH}env_template "FOO" { contents = "x" destination = "/d" }\n${EXEC}`,
    'CONFIG_VALUE',
    'env_template.FOO.destination',
  ],
];

describe('the fixtures of the reference (spec config 1.12, R1)', () => {
  for (const [name, text, expected, value] of GOOD) {
    it(`${name} loads`, async () => {
      expect(expected(await load(text, { env }))).to.deep.equal(value);
    });
  }

  for (const [name, text, code, key] of BAD) {
    it(`${name} is one error at ${key === '' ? 'the file' : key}`, async () => {
      const { config, problems } = await check(text, { env });
      const errors = problems.filter(({ severity }) => severity === 'error');
      expect(errors.map((problem) => [problem.code, problem.key ?? ''])).to.deep.equal([[code, key]]);
      expect(errors[0]?.hint, 'says what to do').to.be.a('string').and.not.equal('');
      expect(config).to.equal(undefined);
    });
  }

  it('labels or type attributes give the identical result (config-embedded-type)', async () => {
    const labelled = await load(`${AUTH}${LISTENER}`);
    const typed = await load(`${AUTH}${LISTENER}`.replaceAll(/(method|sink|listener) "(\w+)" \{/g, '$1 { type = "$2"'));
    const plain = (config: AgentConfig): unknown =>
      JSON.parse(JSON.stringify(config).replaceAll(/"agent\.hcl:\d+:\d+"/g, '"x"'));
    expect(plain(typed)).to.deep.equal(plain(labelled));
  });
});
