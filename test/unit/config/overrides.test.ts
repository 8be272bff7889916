// Flags, environment, file, default (spec config 1.11; R5, R6) and namespaces (3.2).
import { expect } from 'chai';
import type { CheckOptions, Flags } from '../../../core/config/check.js';
import type { AgentConfig } from '../../../core/contracts/agent-config.js';
import { LISTENER, check, load } from './checking.js';

type Env = CheckOptions['env'];
interface Row {
  readonly name: string;
  readonly text?: string;
  readonly env?: Env;
  readonly flags?: Flags;
  readonly read: (config: AgentConfig) => unknown;
  readonly value: unknown;
}

const inVault = (keys: string): string => `vault { ${keys} }`;
const address = (config: AgentConfig): string => config.vault.address;
const skip = (config: AgentConfig): boolean => config.vault.tlsSkipVerify;
const level = (config: AgentConfig): string => config.log.level;
const retries = (config: AgentConfig): number => config.vault.retries;
const FILE = inVault('address = "http://file:1"');

const ROWS: Row[] = [
  { name: 'default address', read: address, value: 'https://127.0.0.1:8200' },
  { name: 'the file', text: FILE, read: address, value: 'http://file:1' },
  {
    name: 'a variable beats the file',
    text: FILE,
    env: { VAULT_ADDR: 'http://env:1' },
    read: address,
    value: 'http://env:1',
  },
  {
    name: 'BAO_ADDR beats VAULT_ADDR (R6)',
    text: FILE,
    env: { VAULT_ADDR: 'http://env:1', BAO_ADDR: 'http://bao:1' },
    read: address,
    value: 'http://bao:1',
  },
  {
    name: 'an empty BAO_ADDR hides VAULT_ADDR (R6)',
    text: FILE,
    env: { VAULT_ADDR: 'http://env:1', BAO_ADDR: '' },
    read: address,
    value: 'https://127.0.0.1:8200',
  },
  {
    name: 'a flag beats the variable',
    text: FILE,
    env: { VAULT_ADDR: 'http://env:1' },
    flags: { address: 'http://flag:1' },
    read: address,
    value: 'http://flag:1',
  },
  {
    name: 'an empty VAULT_ADDR means the default',
    text: FILE,
    env: { VAULT_ADDR: '' },
    read: address,
    value: 'https://127.0.0.1:8200',
  },
  {
    name: 'VAULT_AGENT_ADDR is ignored (R5)',
    text: FILE,
    env: { VAULT_AGENT_ADDR: 'http://agent:1' },
    read: address,
    value: 'http://file:1',
  },
  {
    name: 'VAULT_WRAP_TTL is ignored (R5)',
    text: FILE,
    env: { VAULT_WRAP_TTL: '5m' },
    read: address,
    value: 'http://file:1',
  },
  {
    name: 'an empty VAULT_CACERT blanks the file',
    text: inVault('ca_cert = "/c"'),
    env: { VAULT_CACERT: '' },
    read: (c) => c.vault.caCert,
    value: '',
  },
  { name: 'VAULT_CAPATH', env: { VAULT_CAPATH: '/p' }, read: (c) => c.vault.caPath, value: '/p' },
  {
    name: 'client certificate from both sides',
    text: inVault('client_cert = "/c"'),
    env: { VAULT_CLIENT_KEY: '/k' },
    read: (c) => [c.vault.clientCert, c.vault.clientKey],
    value: ['/c', '/k'],
  },
  {
    name: '-tls-server-name',
    flags: { tlsServerName: 'n' },
    env: { VAULT_TLS_SERVER_NAME: 'e' },
    read: (c) => c.vault.tlsServerName,
    value: 'n',
  },
  {
    name: 'VAULT_SKIP_VERIFY=false verifies (0.1-1, R5)',
    text: inVault('tls_skip_verify = true'),
    env: { VAULT_SKIP_VERIFY: 'false' },
    read: skip,
    value: false,
  },
  {
    name: 'VAULT_SKIP_VERIFY=0 verifies',
    text: inVault('tls_skip_verify = true'),
    env: { VAULT_SKIP_VERIFY: '0' },
    read: skip,
    value: false,
  },
  {
    name: 'an empty VAULT_SKIP_VERIFY verifies',
    text: inVault('tls_skip_verify = true'),
    env: { VAULT_SKIP_VERIFY: '' },
    read: skip,
    value: false,
  },
  { name: 'VAULT_SKIP_VERIFY=1', env: { VAULT_SKIP_VERIFY: '1' }, read: skip, value: true },
  {
    name: '-tls-skip-verify=false beats the variable',
    env: { VAULT_SKIP_VERIFY: 'true' },
    flags: { tlsSkipVerify: false },
    read: skip,
    value: false,
  },
  {
    name: 'VAULT_MAX_RETRIES',
    text: inVault('retry { num_retries = 5 }'),
    env: { VAULT_MAX_RETRIES: '3' },
    read: retries,
    value: 3,
  },
  { name: 'VAULT_MAX_RETRIES=0 is none', env: { VAULT_MAX_RETRIES: '0' }, read: retries, value: 0 },
  {
    name: 'an empty VAULT_MAX_RETRIES does not count',
    text: inVault('retry { num_retries = 5 }'),
    env: { VAULT_MAX_RETRIES: '' },
    read: retries,
    value: 5,
  },
  { name: 'num_retries = 0 is 12', text: inVault('retry { num_retries = 0 }'), read: retries, value: 12 },
  { name: 'num_retries = -1 is none', text: inVault('retry { num_retries = -1 }'), read: retries, value: 0 },
  { name: 'VAULT_CLIENT_TIMEOUT', env: { VAULT_CLIENT_TIMEOUT: '5s' }, read: (c) => c.vault.timeoutMs, value: 5_000 },
  {
    name: 'VAULT_CLIENT_TIMEOUT in seconds',
    env: { VAULT_CLIENT_TIMEOUT: '90' },
    read: (c) => c.vault.timeoutMs,
    value: 90_000,
  },
  { name: 'default time-out', read: (c) => c.vault.timeoutMs, value: 60_000 },
  {
    name: 'VAULT_RATE_LIMIT',
    env: { VAULT_RATE_LIMIT: '10.5' },
    read: (c) => c.vault.rateLimit,
    value: { perSecond: 10.5, burst: 10 },
  },
  {
    name: 'VAULT_RATE_LIMIT with burst',
    env: { VAULT_RATE_LIMIT: '10:20' },
    read: (c) => c.vault.rateLimit,
    value: { perSecond: 10, burst: 20 },
  },
  { name: 'VAULT_CACERT_BYTES', env: { VAULT_CACERT_BYTES: 'PEM' }, read: (c) => c.vault.caBytes, value: 'PEM' },
  {
    name: 'VAULT_PROXY_ADDR beats VAULT_HTTP_PROXY',
    env: { VAULT_PROXY_ADDR: 'http://p:1', VAULT_HTTP_PROXY: 'http://h:1' },
    read: (c) => c.vault.httpProxy,
    value: 'http://p:1',
  },
  { name: 'VAULT_TOKEN', env: { VAULT_TOKEN: 's.1' }, read: (c) => c.environmentToken?.reveal(), value: 's.1' },
  { name: 'log level of the file', text: 'log_level = " Warning "', read: level, value: 'warn' },
  { name: 'VAULT_LOG_LEVEL', text: 'log_level = "warn"', env: { VAULT_LOG_LEVEL: 'ERR' }, read: level, value: 'error' },
  {
    name: 'an empty VAULT_LOG_LEVEL resets',
    text: 'log_level = "warn"',
    env: { VAULT_LOG_LEVEL: '' },
    read: level,
    value: 'info',
  },
  { name: '-log-level', env: { VAULT_LOG_LEVEL: 'err' }, flags: { logLevel: 'trace' }, read: level, value: 'trace' },
  { name: 'VAULT_LOG_FORMAT', env: { VAULT_LOG_FORMAT: 'json' }, read: (c) => c.log.format, value: 'json' },
  {
    name: '-log-rotate-duration',
    flags: { logRotateDuration: '2h', logRotateBytes: 9, logRotateMaxFiles: -1 },
    read: (c) => [c.log.rotateDurationMs, c.log.rotateBytes, c.log.rotateMaxFiles],
    value: [7_200_000, 9, -1],
  },
  {
    name: 'log file defaults',
    text: 'log_file = "/l"',
    read: (c) => [c.log.file, c.log.rotateDurationMs],
    value: ['/l', 86_400_000],
  },
  {
    name: '-exit-after-auth=false beats the file',
    text: 'exit_after_auth = true',
    flags: { exitAfterAuth: false },
    read: (c) => c.exitAfterAuth,
    value: false,
  },
  { name: '-pid-file', text: 'pid_file = "/a"', flags: { pidFile: '/b' }, read: (c) => c.pidFile, value: '/b' },
  {
    name: 'VAULT_AGENT_DISABLE_IDLE_CONNECTIONS replaces the list',
    text: 'disable_idle_connections = ["proxying"]',
    env: { VAULT_AGENT_DISABLE_IDLE_CONNECTIONS: 'Auto-Auth, caching,templating' },
    read: (c) => c.disableIdleConnections,
    value: ['auto-auth', 'proxying', 'templating'],
  },
  {
    name: 'an empty VAULT_AGENT_DISABLE_KEEP_ALIVES does not count',
    text: 'disable_keep_alives = ["proxying"]',
    env: { VAULT_AGENT_DISABLE_KEEP_ALIVES: '' },
    read: (c) => c.disableKeepAlives,
    value: ['proxying'],
  },
];

describe('overrides (spec config 1.11)', () => {
  for (const { name, text = '', env = {}, flags = {}, read, value } of ROWS) {
    it(name, async () => {
      expect(read(await load(`${LISTENER}${text}`, { env, flags }))).to.deep.equal(value);
    });
  }

  const wrong: [env: Env, flags: Flags, code: string, place: string][] = [
    [{ VAULT_SKIP_VERIFY: 'maybe' }, {}, 'CONFIG_TYPE', 'VAULT_SKIP_VERIFY'],
    [{ BAO_MAX_RETRIES: 'many' }, {}, 'CONFIG_TYPE', 'BAO_MAX_RETRIES'],
    [{ VAULT_CLIENT_TIMEOUT: 'soon' }, {}, 'CONFIG_TYPE', 'VAULT_CLIENT_TIMEOUT'],
    [{ VAULT_RATE_LIMIT: 'fast' }, {}, 'CONFIG_TYPE', 'VAULT_RATE_LIMIT'],
    [{ VAULT_ADDR: 'vault.example.com:8200' }, {}, 'CONFIG_ADDRESS', 'VAULT_ADDR'],
    [{}, { address: 'ftp://x' }, 'CONFIG_ADDRESS', '-address'],
    [{ VAULT_CLIENT_CERT: '/c' }, {}, 'CONFIG_MISSING', 'VAULT_CLIENT_CERT'],
    [{ VAULT_LOG_LEVEL: 'loud' }, {}, 'CONFIG_VALUE', 'VAULT_LOG_LEVEL'],
    [{}, { logFormat: 'xml' }, 'CONFIG_VALUE', '-log-format'],
    [{}, { logRotateDuration: 'x' }, 'CONFIG_TYPE', '-log-rotate-duration'],
    [{ VAULT_AGENT_DISABLE_KEEP_ALIVES: 'foo' }, {}, 'CONFIG_VALUE', 'VAULT_AGENT_DISABLE_KEEP_ALIVES'],
  ];
  for (const [env, flags, code, file] of wrong) {
    it(`${file} with a wrong value is one error that names it`, async () => {
      const { problems } = await check(LISTENER, { env, flags });
      expect(problems.map((problem) => [problem.code, problem.at])).to.deep.equal([
        [code, { file, line: 0, column: 0 }],
      ]);
    });
  }
});

describe('namespaces (spec config 3.2)', () => {
  const text = (vault: string, method: string): string =>
    `vault { namespace = "${vault}" }\nauto_auth { method "approle" { namespace = "${method}" config = { role_id_file_path = "/r" } } sink "file" { config = { path = "/t" } } }`;
  const rows: [vault: string, method: string, env: Env, flags: Flags, base: string, login: string][] = [
    ['', '', {}, {}, '', ''],
    ['/a//b/', '', {}, {}, 'a/b/', 'a/b/'],
    ['', '/m', {}, {}, 'm/', 'm/'],
    ['v', 'm', {}, {}, 'v/', 'm/'],
    ['v', 'm', { VAULT_NAMESPACE: 'e' }, {}, 'e/', 'e/'],
    ['v', 'm', { BAO_NAMESPACE: 'b', VAULT_NAMESPACE: 'e' }, {}, 'b/', 'b/'],
    ['v', 'm', { VAULT_NAMESPACE: 'e' }, { namespace: 'f' }, 'f/', 'f/'],
    ['v', 'm', { VAULT_NAMESPACE: '' }, {}, '', ''],
    ['root', '', {}, {}, '', ''],
  ];
  for (const [vault, method, env, flags, base, login] of rows) {
    it(`vault "${vault}", method "${method}", ${JSON.stringify(env)} ${JSON.stringify(flags)}`, async () => {
      const config = await load(text(vault, method), { env, flags });
      expect([config.vault.namespace, config.identities[0]?.method.namespace]).to.deep.equal([base, login]);
    });
  }
});
