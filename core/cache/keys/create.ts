// The factory of key providers: configuration in, provider out. The only place that knows all of them.
import type { KeyProviderConfig } from '../../contracts/agent-config.js';
import { agentError } from '../../sdk/index.js';
import { envProvider, fileProvider } from './given-key.js';
import { keyFileProvider } from './key-file.js';
import { kubernetesProvider } from './kubernetes.js';
import { passphraseProvider } from './passphrase.js';
import type { KeyHost, KeyProvider } from './provider.js';
import { transitProvider } from './transit.js';

/** The provider of a `key_provider` block. The schema has been checked; CONFIG_CONFLICT when `transit` is used without a client and identity. */
export function createKeyProvider(config: KeyProviderConfig, host: KeyHost): KeyProvider {
  const text = (key: string): string | undefined => {
    const value = config.settings[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  switch (config.type) {
    case 'key_file':
      return keyFileProvider({ path: text('path') }, host);
    case 'file':
      return fileProvider({ path: text('path') ?? '' }, host);
    case 'env':
      return envProvider({ variable: text('variable') ?? '' }, host);
    case 'passphrase':
      return passphraseProvider({ file: text('file'), variable: text('variable') }, host);
    case 'kubernetes':
      return kubernetesProvider(
        {
          path: text('path'),
          service_account_token_file: text('service_account_token_file'),
          bind_pod: config.settings.bind_pod === true,
        },
        host,
      );
    case 'transit':
      return transit(config, host, { mount: text('mount'), key_name: text('key_name') ?? '' });
  }
}

function transit(
  { at }: KeyProviderConfig,
  { vault, token }: KeyHost,
  keys: { mount: string | undefined; key_name: string },
): KeyProvider {
  if (vault !== undefined && token !== undefined) return transitProvider({ ...keys, vault, token });
  throw agentError(
    'CONFIG_CONFLICT',
    { detail: 'key_provider "transit" needs auto_auth: its token opens the store' },
    { at },
  );
}
