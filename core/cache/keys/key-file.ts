// Provider `key_file`: a file that the agent makes itself, outside the folder of the data (D-17). It is the default.
import { defaultKeyPath, refuseBesideData } from './key-path.js';
import { makeKey, readKey, unavailable } from './key-content.js';
import type { KeyHost, KeyProvider } from './provider.js';
import { openKey, sealKey } from './sealed-key.js';

/** A key file that is made when something is wrapped for the first time. */
export function keyFileProvider(settings: { readonly path?: string | undefined }, host: KeyHost): KeyProvider {
  const name = 'key_file';
  const path = (): string => settings.path ?? defaultKeyPath(host, name);
  const read = (): Promise<Buffer | undefined> => readKey(path(), { provider: name, log: host.log, open: 'refuse' });
  return {
    name,
    needsToken: false,
    async check() {
      if (host.allowKeyBesideData !== true) await refuseBesideData(path(), host.storeFolder);
      host.log.info({ path: path() }, 'the cache store is sealed with the key in this file');
      await read();
    },
    async wrap(dataKey, binding) {
      const key = (await read()) ?? (await makeKey(path(), name).then(read));
      if (key === undefined) throw unavailable(name, `${path()} vanished`);
      return sealKey(key, dataKey, binding);
    },
    async unwrap(wrapped, binding) {
      const key = await read();
      if (key === undefined) throw unavailable(name, `${path()} does not exist, but the store was sealed with a key`);
      return openKey(key, wrapped, binding);
    },
  };
}
