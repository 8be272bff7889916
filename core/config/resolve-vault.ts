// The `vault` block with flags and environment over it (spec config 1.5, 1.11).
import type { FailoverConfig, VaultConfig } from '../contracts/agent-config.js';
import { shortAddress } from './address.js';
import type { CheckScope, Draft } from './draft.js';
import { filled, variable } from './environment.js';
import { baseNamespace, type NamespaceSources } from './namespace.js';
import { booleanVariable, durationVariable, integerVariable, rateLimit } from './overrides.js';
import { pick } from './pick.js';
import type { FailoverSettings } from './stanzas.js';

const DEFAULT_ADDRESS = 'https://127.0.0.1:8200';
const DEFAULT_RETRIES = 12;
const DEFAULT_TIMEOUT_MS = 60_000;

/** The server as the run will use it. VAULT_AGENT_ADDR and VAULT_WRAP_TTL are not read (R5). */
export function resolveVault(draft: Draft, scope: CheckScope): VaultConfig {
  const file = draft.vault?.settings ?? {};
  const text = (
    flag: 'caCert' | 'caPath' | 'clientCert' | 'clientKey' | 'tlsServerName',
    env: string,
    written = '',
    fallback = '',
  ): string => pick(scope, { flag, env, written, fallback }).value;
  return {
    ...addressesOf(draft, scope),
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

type Addresses = Pick<VaultConfig, 'address' | 'addresses' | 'failover'>;

/** `address` is put before `addresses` unless it is one of them. A flag or a variable makes it one address. */
function addressesOf(draft: Draft, scope: CheckScope): Addresses {
  const written = writtenAddresses(draft);
  const { value, from } = pick(scope, {
    flag: 'address',
    env: 'ADDR',
    written: written[0] ?? '',
    fallback: DEFAULT_ADDRESS,
  });
  const address = shortAddress(value);
  const several = draft.vault?.map.entries.has('addresses') === true && from === 'file' && written.length > 0;
  return several ? { address, addresses: written, failover: failoverOf(draft.vault?.settings.failover) } : { address };
}

/** The addresses of the file in order of preference, each once; the default does not count. */
export function writtenAddresses({ vault }: Pick<Draft, 'vault'>): string[] {
  if (vault === undefined) return [];
  const list = (vault.settings.addresses ?? []).filter((one) => one !== undefined).map(shortAddress);
  const single = vault.map.entries.has('address') ? shortAddress(vault.settings.address ?? '') : '';
  return [...new Set(single === '' || list.includes(single) ? list : [single, ...list])];
}

function failoverOf(settings: FailoverSettings = {}): FailoverConfig {
  return {
    checkIntervalMs: settings.check_interval ?? 10_000,
    checkTimeoutMs: settings.check_timeout ?? 2_000,
    failures: settings.failures ?? 2,
    coolDownMs: settings.cool_down ?? 30_000,
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
