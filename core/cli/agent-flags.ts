// Options of `claviger agent` and `claviger proxy`, named as in the reference (spec config 2.1).
import type { Flags } from '../config/check.js';
import type { Flag, ParsedFlags } from './flags.js';

const text = (name: string, help: string, placeholder = 'text'): Flag => ({ name, kind: 'text', help, placeholder });

/** Options that also say how to read a configuration. */
export const CONFIG_FLAGS: readonly Flag[] = [
  { name: 'config', kind: 'list', help: 'configuration file or folder; may be repeated', placeholder: 'path' },
  { name: 'strict', kind: 'boolean', help: 'unknown keys are errors' },
];

/** Options that say how to reach the server. */
export const HTTP_FLAGS: readonly Flag[] = [
  text('address', 'address of the server', 'url'),
  text('ca-cert', 'PEM file with authorities to trust', 'path'),
  text('ca-path', 'folder of PEM files with authorities to trust', 'path'),
  text('client-cert', 'PEM client certificate', 'path'),
  text('client-key', 'PEM key of the client certificate', 'path'),
  text('namespace', 'namespace of all requests of the agent'),
  { ...text('ns', 'same as -namespace'), hidden: true },
  text('tls-server-name', 'name to expect in the server certificate'),
  { name: 'tls-skip-verify', kind: 'boolean', help: 'do not check the server certificate' },
];

// accepted for scripts that pass the flags of the reference's common HTTP group; they have no effect on an agent
const IGNORED: readonly Flag[] = [
  ...['agent-address', 'wrap-ttl', 'mfa', 'header', 'unlock-key'].map((name): Flag => ({
    ...text(name, ''),
    hidden: true,
  })),
  ...[
    'disable-redirects',
    'policy-override',
    'output-curl-string',
    'output-policy',
    'non-interactive',
    'disable-gated-logs',
  ].map((name): Flag => ({ name, kind: 'boolean', help: '', hidden: true })),
];

/** All options of the two commands. */
export const AGENT_FLAGS: readonly Flag[] = [
  ...CONFIG_FLAGS,
  { name: 'exit-after-auth', kind: 'boolean', help: 'exit with 0 once every sink holds a token' },
  text('log-level', 'trace, debug, info, warn or error'),
  text('log-format', 'standard or json'),
  text('log-file', 'also write the log to this file', 'path'),
  { name: 'log-rotate-bytes', kind: 'number', help: 'start a new log file after this many bytes' },
  text('log-rotate-duration', 'start a new log file after this time', 'duration'),
  { name: 'log-rotate-max-files', kind: 'number', help: 'archives to keep; 0 keeps all, -1 none' },
  text('pid-file', 'write the process id here', 'path'),
  { name: 'combine-logs', kind: 'boolean', help: 'log to standard output', hidden: true },
  { name: 'test-verify-only', kind: 'boolean', help: 'check the configuration and exit', hidden: true },
  ...HTTP_FLAGS,
  ...IGNORED,
];

/** The options that override configuration, under the names of the configuration layer. */
export function overridesOf(parsed: ParsedFlags): Flags {
  const value = <T>(name: string): T | undefined => parsed.values[name] as T | undefined;
  const all: { [K in keyof Flags]: Flags[K] | undefined } = {
    address: value('address'),
    caCert: value('ca-cert'),
    caPath: value('ca-path'),
    clientCert: value('client-cert'),
    clientKey: value('client-key'),
    tlsSkipVerify: value('tls-skip-verify'),
    tlsServerName: value('tls-server-name'),
    namespace: value('namespace') ?? value('ns'),
    exitAfterAuth: value('exit-after-auth'),
    logLevel: value('log-level'),
    logFormat: value('log-format'),
    logFile: value('log-file'),
    logRotateBytes: value('log-rotate-bytes'),
    logRotateDuration: value('log-rotate-duration'),
    logRotateMaxFiles: value('log-rotate-max-files'),
    pidFile: value('pid-file'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, v]) => v !== undefined));
}
