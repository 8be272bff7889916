// The `vault` block with flags and environment over it (spec config 1.5, 1.11).
import type { VaultConfig } from '../contracts/agent-config.js';
import { shortAddress } from './address.js';
import type { CheckScope, Draft } from './draft.js';
import { filled, variable } from './environment.js';
import { baseNamespace, type NamespaceSources } from './namespace.js';
import { booleanVariable, durationVariable, integerVariable, rateLimit } from './overrides.js';
import { pick } from './pick.js';

const DEFAULT_ADDRESS = 'https://127.0.0.1:8200';
const DEFAULT_RETRIES = 12;
const DEFAULT_TIMEOUT_MS = 60_000;

/** The server as the run will use it. VAULT_AGENT_ADDR and VAULT_WRAP_TTL are not read (R5). */
export function resolveVault(draft: Draft, scope: CheckScope): VaultConfig {
  const file = draft.vault?.settings ?? {};
  const text = (
    flag: 'address' | 'caCert' | 'caPath' | 'clientCert' | 'clientKey' | 'tlsServerName',
    env: string,
    written = '',
    fallback = '',
  ): string => pick(scope, { flag, env, written, fallback }).value;
  return {
    address: shortAddress(text('address', 'ADDR', file.address, DEFAULT_ADDRESS)),
    namespace: baseNamespace(namespaceSources(draft, scope)),
    caCert: text('caCert', 'CACERT', file.ca_cert),
    caPath: text('caPath', 'CAPATH', file.ca_path),
    caBytes: filled(scope.env, 'CACERT_BYTES')?.value ?? '',
    clientCert: text('clientCert', 'CLIENT_CERT', file.client_cert),
    clientKey: text('clientKey', 'CLIENT_KEY', file.client_key),
    tlsSkipVerify: scope.flags.tlsSkipVerify ?? booleanVariable(scope, 'SKIP_VERIFY') ?? file.tls_skip_verify ?? false,
    tlsServerName: text('tlsServerName', 'TLS_SERVER_NAME', file.tls_server_name),
    retries: retriesOf(integerVariable(scope, 'MAX_RETRIES'), file.retry?.num_retries),
    timeoutMs: durationVariable(scope, 'CLIENT_TIMEOUT') || DEFAULT_TIMEOUT_MS,
    rateLimit: rateLimit(scope),
    httpProxy: filled(scope.env, 'PROXY_ADDR')?.value ?? filled(scope.env, 'HTTP_PROXY')?.value ?? '',
  };
}

/** 0 or missing is 12 in a file, -1 is none; the variable means what it says, and a negative one none. */
function retriesOf(fromEnv: number | undefined, written: number | undefined): number {
  if (fromEnv !== undefined) return Math.max(0, fromEnv);
  if (written === undefined || written === 0) return DEFAULT_RETRIES;
  return Math.max(0, written);
}

/** Where namespaces come from in this run. */
export function namespaceSources(draft: Draft, { flags, env }: CheckScope): NamespaceSources {
  return {
    forced: flags.namespace ?? variable(env, 'NAMESPACE')?.value,
    vault: draft.vault?.settings.namespace ?? '',
    methods: draft.identities.map((identity) => identity.method?.settings.namespace ?? ''),
  };
}
