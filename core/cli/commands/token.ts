// `claviger token unwrap | decrypt`: reads back what a sink wrapped or encrypted. The result goes to standard output and nowhere else.
import { readFileSync } from 'node:fs';
import { openEnvelope } from '../../auto-auth/dh.js';
import { agentError, type AgentError } from '../../sdk/index.js';
import type { VaultConfig } from '../../contracts/agent-config.js';
import type { Command } from '../dispatch.js';
import { parseFlags, type Flag, type ParsedFlags } from '../flags.js';
import { asksForHelp, helpText } from '../help.js';
import type { Terminal } from '../terminal.js';
import { unwrapToken } from '../unwrap-token.js';

const FLAGS: readonly Flag[] = [
  { name: 'address', kind: 'text', help: 'address of the server, for unwrap; default VAULT_ADDR', placeholder: 'url' },
  { name: 'namespace', kind: 'text', help: 'namespace, for unwrap; default VAULT_NAMESPACE' },
  { name: 'ca-cert', kind: 'text', help: 'PEM file with authorities to trust, for unwrap', placeholder: 'path' },
  { name: 'tls-skip-verify', kind: 'boolean', help: 'do not check the server certificate, for unwrap' },
  {
    name: 'private-key',
    kind: 'text',
    help: 'file with the base64 curve25519 private key, for decrypt',
    placeholder: 'path',
  },
  { name: 'aad', kind: 'text', help: 'associated data as in the sink, for decrypt' },
  { name: 'derive-key', kind: 'boolean', help: 'the sink has derive_key = true' },
];

const ABOUT = `  unwrap <file>    unwraps the wrapping token in a sink file; works once
  decrypt <file>   decrypts a sink file written with dh_type = "curve25519"`;

/** The `token` command. */
export const tokenCommand: Command = async (argv, terminal) => {
  const [action, ...rest] = argv;
  if (action === undefined || asksForHelp(argv)) {
    terminal.out(helpText('claviger token unwrap|decrypt [options] <file>', ABOUT, FLAGS));
    return action === undefined ? 1 : 0;
  }
  const parsed = parseFlags(rest, FLAGS);
  const path = parsed.operands[0];
  if (path === undefined) throw usage(`token ${action} needs a file`);
  const content = read(path);
  if (action === 'decrypt') terminal.out(decrypt(content, parsed));
  else if (action === 'unwrap') terminal.out(`${await unwrapToken(content, upstreamOf(parsed, terminal.env))}\n`);
  else throw usage(`unknown action "token ${action}"`);
  return 0;
};

function upstreamOf(parsed: ParsedFlags, env: Terminal['env']): VaultConfig {
  const setting = (flag: string, variable: string): string =>
    (parsed.values[flag] as string | undefined) ?? env[variable] ?? '';
  return {
    address: setting('address', 'VAULT_ADDR') || 'https://127.0.0.1:8200',
    namespace: setting('namespace', 'VAULT_NAMESPACE'),
    caCert: setting('ca-cert', 'VAULT_CACERT'),
    caPath: '',
    caBytes: '',
    clientCert: '',
    clientKey: '',
    tlsSkipVerify: parsed.values['tls-skip-verify'] === true,
    tlsServerName: '',
    retries: 0,
    timeoutMs: 30_000,
    httpProxy: '',
  };
}

const usage = (detail: string): AgentError => agentError('CONFIG_USAGE', { detail });

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw agentError(
      'CONFIG_UNREADABLE',
      { path, why: (cause as NodeJS.ErrnoException).code ?? String(cause) },
      { cause },
    );
  }
}

function decrypt(content: string, parsed: ParsedFlags): string {
  const keyPath = parsed.values['private-key'] as string | undefined;
  if (keyPath === undefined) throw usage('token decrypt needs -private-key=<path>');
  const privateKey = Buffer.from(read(keyPath).trim(), 'base64');
  const aad = (parsed.values.aad as string | undefined) ?? '';
  return openEnvelope(content, privateKey, { aad, deriveKey: parsed.values['derive-key'] === true });
}
