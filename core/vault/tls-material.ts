// Reads what TLS to the server needs from the files of the `vault` block (spec config 1.5, 1.11). It must not know about connections.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VaultConfig } from '../contracts/agent-config.js';
import { agentError, type ClientIdentity } from '../sdk/index.js';

/** Options of `tls.connect`. */
export interface TlsMaterial {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized?: false;
}

function readText(key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw agentError('CONFIG_FILE_MISSING', { key, path }, { cause });
    throw agentError('CONFIG_UNREADABLE', { path, why: (cause as NodeJS.ErrnoException).code ?? 'unknown' }, { cause });
  }
}

function pem(key: string, text: string, marker: string): string {
  if (!text.includes(`-----BEGIN ${marker}`)) {
    throw agentError('CONFIG_VALUE', { key, why: `there is no PEM block "${marker}" in it` });
  }
  return text;
}

function readFolder(path: string): string[] {
  let names: string[];
  try {
    names = readdirSync(path, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort();
  } catch (cause) {
    throw agentError('CONFIG_FILE_MISSING', { key: 'vault.ca_path', path }, { cause });
  }
  const texts = names
    .map((name) => readText('vault.ca_path', join(path, name)))
    .filter((t) => t.includes('-----BEGIN CERTIFICATE'));
  if (texts.length === 0)
    throw agentError('CONFIG_VALUE', { key: 'vault.ca_path', why: `no certificate is in ${path}` });
  return texts;
}

// The order of the reference's client library: file, bytes, folder; none means the authorities of the system.
function authorities(config: VaultConfig): string[] | undefined {
  if (config.caCert !== '') return [pem('vault.ca_cert', readText('vault.ca_cert', config.caCert), 'CERTIFICATE')];
  if (config.caBytes !== '') return [pem('VAULT_CACERT_BYTES', config.caBytes, 'CERTIFICATE')];
  if (config.caPath !== '') return readFolder(config.caPath);
  return undefined;
}

/**
 * Reads all files. Throws CONFIG_FILE_MISSING, CONFIG_UNREADABLE, CONFIG_VALUE or, when only one of client_cert and client_key is set, CONFIG_CONFLICT.
 */
export function readTlsMaterial(config: VaultConfig): TlsMaterial {
  if ((config.clientCert === '') !== (config.clientKey === '')) {
    throw agentError('CONFIG_CONFLICT', {
      detail: 'vault.client_cert and vault.client_key belong together: set both or neither',
    });
  }
  const ca = authorities(config);
  const pair =
    config.clientCert === ''
      ? {}
      : {
          cert: pem('vault.client_cert', readText('vault.client_cert', config.clientCert), 'CERTIFICATE'),
          key: readText('vault.client_key', config.clientKey),
        };
  return {
    ...(ca ? { ca } : {}),
    ...pair,
    ...(config.tlsServerName === '' ? {} : { servername: config.tlsServerName }),
    ...(config.tlsSkipVerify ? { rejectUnauthorized: false as const } : {}),
  };
}

/** The material with the certificate of one call (method `cert`) in place of the configured one; what the call leaves out is inherited. */
export function withIdentity(material: TlsMaterial, identity: ClientIdentity): TlsMaterial {
  const key = identity.key?.reveal();
  return {
    ...material,
    ...(identity.cert === undefined ? {} : { cert: identity.cert }),
    ...(key === undefined ? {} : { key }),
    ...(identity.ca === undefined ? {} : { ca: [identity.ca] }),
  };
}
