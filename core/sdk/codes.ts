// Every error code of Claviger, once: who must act, the one-line text, the usual thing to do. `docs/reference/errors.md` is generated from it.
import type { Act } from './errors.js';

interface Entry<P> {
  readonly act: Act;
  readonly text: (params: P) => string;
  readonly hint?: string;
}

const entry = <P = Record<string, never>>(act: Act, text: (params: P) => string, hint?: string): Entry<P> =>
  hint === undefined ? { act, text } : { act, text, hint };

/** The table of codes. Add a line here, then run `npm run docs`. */
export const CODES = {
  // configuration
  CONFIG_SYNTAX: entry<{ detail: string }>(
    'fix-config',
    (p) => p.detail,
    'see the HCL notes in docs/reference/config.md',
  ),
  CONFIG_UNREADABLE: entry<{ path: string; why: string }>(
    'fix-config',
    (p) => `cannot read ${p.path}: ${p.why}`,
    'check the path and its permissions',
  ),
  CONFIG_UNKNOWN_KEY: entry<{ key: string; where: string }>(
    'fix-config',
    (p) => `unknown key "${p.key}" in ${p.where}`,
  ),
  CONFIG_TYPE: entry<{ key: string; want: string; got: string }>(
    'fix-config',
    (p) => `${p.key} must be ${p.want}, not ${p.got}`,
  ),
  CONFIG_VALUE: entry<{ key: string; why: string }>('fix-config', (p) => `${p.key}: ${p.why}`),
  CONFIG_MISSING: entry<{ key: string; where: string }>('fix-config', (p) => `${p.where} needs ${p.key}`),
  CONFIG_DUPLICATE: entry<{ what: string; detail: string }>('fix-config', (p) => `${p.what}: ${p.detail}`),
  CONFIG_CONFLICT: entry<{ detail: string }>('fix-config', (p) => p.detail),
  CONFIG_UNEVALUATED_EXPRESSION: entry<{ key: string }>(
    'fix-config',
    (p) => `${p.key} is an expression; configuration files hold plain values`,
    'write the value itself',
  ),
  CONFIG_DEPRECATED: entry<{ detail: string }>('fix-config', (p) => p.detail),
  CONFIG_IGNORED: entry<{ what: string; why: string }>('fix-config', (p) => `${p.what} has no effect: ${p.why}`),
  CONFIG_ADDRESS: entry<{ key: string; address: string; why: string }>(
    'fix-config',
    (p) => `${p.key}: "${p.address}" is not usable: ${p.why}`,
  ),
  CONFIG_LISTENER_TLS: entry<{ listener: string; why: string }>('fix-config', (p) => `${p.listener} ${p.why}`),
  CONFIG_FILE_MISSING: entry<{ key: string; path: string }>(
    'fix-config',
    (p) => `${p.key}: ${p.path} does not exist on this machine`,
  ),
  CONFIG_NOT_SUPPORTED_YET: entry<{ what: string }>(
    'fix-config',
    (p) => `${p.what} is understood, but this version cannot do it yet`,
    'remove it, or use a version that lists it as built',
  ),
  CONFIG_USAGE: entry<{ detail: string }>('fix-config', (p) => p.detail, 'run with -help for the list of options'),
  // plugins
  PLUGIN_NOT_FOUND: entry<{ kind: string; name: string }>(
    'fix-config',
    (p) => `there is no ${p.kind} named "${p.name}"`,
  ),
  PLUGIN_MANIFEST: entry<{ path: string; why: string }>(
    'fix-plugin',
    (p) => `${p.path} is not a valid plugin manifest: ${p.why}`,
    'mend the manifest, or take the plugin out of plugin_directory',
  ),
  PLUGIN_DUPLICATE: entry<{ kind: string; name: string; other: string }>(
    'fix-plugin',
    (p) => `${p.kind} "${p.name}" exists already in ${p.other}`,
    'rename it, or set override = true in its plugin block',
  ),
  PLUGIN_SCHEMA: entry<{ path: string; why: string }>(
    'fix-plugin',
    (p) => `${p.path} is not a usable settings schema: ${p.why}`,
  ),
  PLUGIN_ENTRY: entry<{ plugin: string; why: string }>('fix-plugin', (p) => `${p.plugin} cannot be loaded: ${p.why}`),
  PLUGIN_SHAPE: entry<{ plugin: string; why: string }>(
    'fix-plugin',
    (p) => `${p.plugin} does not have the right shape: ${p.why}`,
  ),
  PLUGIN_CONSTRUCTOR: entry<{ plugin: string; why: string }>(
    'fix-plugin',
    (p) => `${p.plugin} failed while being constructed: ${p.why}`,
  ),
  PLUGIN_SDK_MISMATCH: entry<{ plugin: string; sdk: string }>(
    'fix-plugin',
    (p) => `${p.plugin} was built for SDK ${p.sdk}; this agent has SDK 1`,
  ),
  PLUGIN_NOT_ESM: entry<{ plugin: string }>(
    'fix-plugin',
    (p) => `${p.plugin} is not an ES module`,
    'add "type": "module" beside it or name it .mjs',
  ),
  PLUGIN_CHECKSUM: entry<{ plugin: string }>(
    'fix-plugin',
    (p) => `${p.plugin} does not have the sha256 that the configuration names`,
    'compare the file with what you reviewed before you change the sum',
  ),
  PLUGIN_FOLDER_UNSAFE: entry<{ path: string }>(
    'fix-host',
    (p) => `${p.path} is writable by everyone, so its plugins are not loaded`,
    'chmod o-w the folder',
  ),
  PLUGIN_START: entry<{ plugin: string; why: string }>('fix-plugin', (p) => `${p.plugin} did not start: ${p.why}`),
  PLUGIN_START_TIMEOUT: entry<{ plugin: string; seconds: number }>(
    'fix-plugin',
    (p) => `${p.plugin} did not start within ${p.seconds} s`,
  ),
  PLUGIN_CALL_TIMEOUT: entry<{ plugin: string; call: string; seconds: number }>(
    'fix-plugin',
    (p) => `${p.plugin} did not finish ${p.call} within ${p.seconds} s`,
  ),
  // auto-auth
  AUTH_CREDENTIAL_MISSING: entry<{ what: string; path: string }>(
    'fix-credential',
    (p) => `${p.what}: ${p.path} does not exist`,
    'create the file or correct the path',
  ),
  AUTH_CREDENTIAL_EMPTY: entry<{ what: string; path: string }>(
    'fix-credential',
    (p) => `${p.what}: ${p.path} is empty`,
  ),
  AUTH_CREDENTIAL_UNREADABLE: entry<{ what: string; path: string; why: string }>(
    'fix-credential',
    (p) => `${p.what}: ${p.path} cannot be read (${p.why})`,
  ),
  AUTH_CREDENTIAL_INVALID: entry<{ what: string; why: string }>(
    'fix-credential',
    (p) => `${p.what} is not usable: ${p.why}`,
  ),
  AUTH_REFUSED: entry<{ status: number; errors: string }>(
    'wait',
    (p) => `the server refused the login with ${p.status}: ${p.errors}`,
  ),
  AUTH_BAD_ANSWER: entry<{ why: string }>('wait', (p) => `the server's answer to the login is not usable: ${p.why}`),
  AUTH_WRAPPED_TAMPERED: entry<{ want: string; got: string }>(
    'fix-credential',
    (p) => `SECURITY: the wrapping token was created at "${p.got}", not at "${p.want}"`,
    'somebody may have unwrapped the credential on the way; issue a new one',
  ),
  AUTH_METHOD_FAILED: entry<{ why: string }>('wait', (p) => `the auth method failed: ${p.why}`),
  AUTH_SOURCE_NONE: entry<{ what: string; tried: string }>(
    'fix-credential',
    (p) => `no ${p.what} found; tried ${p.tried}`,
  ),
  AUTH_TEST_REFUSED: entry<{ why: string }>('fix-config', (p) => `a test of this login is refused: ${p.why}`),
  AUTH_TOO_SOON: entry<{ what: string; seconds: number }>(
    'wait',
    (p) => `${p.what}; the next login may be tried in ${p.seconds} s`,
  ),
  AUTH_LOCKED_OUT: entry<{ times: number; until: string; why: string }>(
    'fix-credential',
    (p) => `${p.why} (${p.times} times with the same credential, which is not sent again before ${p.until})`,
    'correct the credential: a changed one is tried as soon as it is noticed',
  ),
  AUTH_MFA_REQUIRED: entry<{ methods: string }>(
    'fix-config',
    (p) => `the server wants a second factor for this login: ${p.methods}`,
  ),
  AUTH_MFA_REFUSED: entry<{ status: number; errors: string }>(
    'fix-credential',
    (p) => `the server refused the second factor with ${p.status}: ${p.errors}`,
  ),
  AUTH_REVOKE_FAILED: entry<{ what: string; why: string }>(
    'wait',
    (p) => `${p.what} could not be revoked and lives until it expires: ${p.why}`,
  ),
  // services that plugins call
  SERVICE_UNREACHABLE: entry<{ url: string; why: string }>('wait', (p) => `${p.url} cannot be reached: ${p.why}`),
  SERVICE_TIMEOUT: entry<{ url: string; seconds: number }>(
    'wait',
    (p) => `${p.url} did not answer within ${p.seconds} s`,
  ),
  SERVICE_BAD_ANSWER: entry<{ url: string; why: string }>(
    'wait',
    (p) => `the answer of ${p.url} is not usable: ${p.why}`,
  ),
  // sinks
  SINK_NOT_WRITABLE: entry<{ path: string; why: string }>(
    'fix-host',
    (p) => `cannot write ${p.path}: ${p.why}`,
    'create the folder or give this user write permission',
  ),
  SINK_WRITE_FAILED: entry<{ path: string; why: string }>('fix-host', (p) => `cannot write ${p.path}: ${p.why}`),
  SINK_WRAP_FAILED: entry<{ why: string }>('wait', (p) => `the token could not be wrapped: ${p.why}`),
  SINK_ENCRYPT_FAILED: entry<{ why: string }>('fix-config', (p) => `the token could not be encrypted: ${p.why}`),
  SINK_CHILD_REFUSED: entry<{ why: string }>('fix-config', (p) => `no child token for this sink: ${p.why}`),
  SINK_CHILD_FAILED: entry<{ why: string }>('wait', (p) => `no child token for this sink yet: ${p.why}`),
  SINK_CHILD_WIDE: entry<{ policies: string }>(
    'fix-config',
    (p) =>
      `the child token for this sink got policies of its entity or groups besides its own (${p.policies}) and was not delivered`,
    'take these policies off the entity and its groups, make it an orphan (orphan = true or a token role), or set allow_identity_policies = true',
  ),
  SINK_NOTIFY_FAILED: entry<{ target: string; why: string }>(
    'fix-host',
    (p) => `${p.target} could not be told of a delivery: ${p.why}`,
  ),
  // cache
  CACHE_STORE_UNAVAILABLE: entry<{ why: string }>('wait', (p) => `the cache store cannot be reached: ${p.why}`),
  CACHE_STORE_CORRUPT: entry<{ why: string }>('fix-host', (p) => `the cache store is damaged: ${p.why}`),
  CACHE_STORE_LOCKED: entry<{ what: string; owner: string }>(
    'fix-host',
    (p) => `${p.what} is in use by ${p.owner}`,
    'stop the other agent, or give each agent a store of its own',
  ),
  CACHE_STORE_FULL: entry<{ why: string }>('fix-host', (p) => `the cache store cannot be written: ${p.why}`),
  CACHE_KEY_UNAVAILABLE: entry<{ provider: string; why: string }>(
    'fix-host',
    (p) => `the key of the cache store is not to be had from ${p.provider}: ${p.why}`,
  ),
  CACHE_UNSEAL_FAILED: entry<{ why: string }>(
    'fix-config',
    (p) => `the cache store cannot be opened with this key: ${p.why}`,
    'give the key it was sealed with, or remove the store to start empty',
  ),
  CACHE_RESTORE_FAILED: entry<{ records: number; why: string }>(
    'fix-host',
    (p) => `${p.records} records of the cache store could not be restored: ${p.why}`,
  ),
  CACHE_CLEAR_INPUT: entry<{ why: string }>('wait', (p) => p.why),
  // listeners
  LISTEN_ADDRESS_IN_USE: entry<{ address: string }>(
    'fix-host',
    (p) => `${p.address} is already in use`,
    'stop the other program or choose another address',
  ),
  LISTEN_ADDRESS: entry<{ address: string; why: string }>(
    'fix-config',
    (p) => `cannot listen on ${p.address}: ${p.why}`,
  ),
  LISTEN_PERMISSION: entry<{ address: string; why: string }>(
    'fix-host',
    (p) => `no permission to listen on ${p.address}: ${p.why}`,
  ),
  LISTEN_TLS: entry<{ address: string; why: string }>(
    'fix-host',
    (p) => `TLS of ${p.address} cannot be set up: ${p.why}`,
  ),
  // upstream
  UPSTREAM_UNREACHABLE: entry<{ address: string; why: string }>('wait', (p) => `cannot reach ${p.address}: ${p.why}`),
  UPSTREAM_TIMEOUT: entry<{ address: string; seconds: number }>(
    'wait',
    (p) => `${p.address} did not answer within ${p.seconds} s`,
  ),
  UPSTREAM_TLS: entry<{ address: string; why: string }>(
    'fix-config',
    (p) => `TLS to ${p.address} failed: ${p.why}`,
    'check ca_cert, tls_server_name and the server certificate',
  ),
  UPSTREAM_BAD_REPLY: entry<{ address: string; why: string }>(
    'wait',
    (p) => `${p.address} did not answer like Vault: ${p.why}`,
    'check vault.address',
  ),
  UPSTREAM_CANCELLED: entry('wait', () => 'the request was cancelled because its client left'),
  REQUEST_NOT_SENDABLE: entry<{ why: string }>('wait', (p) => `the request cannot be sent on: ${p.why}`),
  // requests of clients
  REQUEST_HEADER_MISSING: entry('wait', () => 'missing "X-Vault-Request" header'),
  REQUEST_TOO_LARGE: entry<{ limit: number }>('wait', (p) => `the request body is larger than ${p.limit} bytes`),
  REQUEST_NOT_READY: entry('wait', () => 'this agent has no token yet'),
  REQUEST_TOO_MANY: entry<{ seconds: number }>(
    'wait',
    (p) => `too many requests for new secrets of this path that the cache has no room for; ask again in ${p.seconds} s`,
    'raise max_entries, max_bytes or refused_issue_rate of the cache',
  ),
  REQUEST_NO_MEMORY: entry('wait', () => 'this agent holds as many large bodies in memory as it may; ask again soon'),
  REQUEST_OVERTAKEN: entry('wait', () => 'the answer was overtaken by a revocation or by another agent; ask again'),
  REQUEST_WRAPS_TOKEN: entry('wait', () => 'this agent does not hand out its own token, wrapped or not'),
  REQUEST_LOOP: entry(
    'fix-config',
    () => 'this request has already passed this agent: vault.address points back at a listener',
  ),
  // process
  HOST_PID_FILE: entry<{ path: string; why: string }>(
    'fix-host',
    (p) => `cannot write the pid file ${p.path}: ${p.why}`,
    'create the folder, give this user write permission, or choose another pid_file',
  ),
  HOST_LOG_FILE: entry<{ path: string; why: string }>(
    'fix-host',
    (p) => `cannot write the log file ${p.path}: ${p.why}`,
    'create the folder, give this user write permission, or choose another log_file',
  ),
  // defects of ours
  BUG_STAGE_NEXT_TWICE: entry<{ stage: string }>('report-bug', (p) => `stage ${p.stage} called next() twice`),
  BUG_ILLEGAL_STATE: entry<{ what: string }>('report-bug', (p) => `illegal state: ${p.what}`),
} as const;

/** A code of the table. */
export type Code = keyof typeof CODES;

/** What the text of a code needs. */
export type CodeParams<C extends Code> = (typeof CODES)[C] extends Entry<infer P> ? P : never;
