// Providers `file` and `env`: a key that the operator gives. Nothing is made here.
import { refuseBesideData } from './key-path.js';
import { readKey, unavailable } from './key-content.js';
import { keyOfText } from './key-text.js';
import { KEY_BYTES, type KeyHost, type KeyProvider } from './provider.js';
import { openKey, sealKey } from './sealed-key.js';

/** A provider over a key that is read anew each time. */
export function givenKey(name: string, key: () => Promise<Buffer>, check: () => Promise<unknown> = key): KeyProvider {
  return {
    name,
    needsToken: false,
    check: async () => void (await check()),
    wrap: async (dataKey, binding) => sealKey(await key(), dataKey, binding),
    unwrap: async (wrapped, binding) => openKey(await key(), wrapped, binding),
  };
}

/** `file`: 32 bytes, or their base64 or hex text. */
export function fileProvider({ path }: { readonly path: string }, host: KeyHost): KeyProvider {
  const key = async (): Promise<Buffer> => {
    const found = await readKey(path, { provider: 'file', log: host.log, open: 'refuse' });
    if (found === undefined) throw unavailable('file', `${path} does not exist`);
    return found;
  };
  return givenKey('file', key, async () => {
    if (host.allowKeyBesideData !== true) await refuseBesideData(path, host.storeFolder);
    await key();
  });
}

/** `env`: base64 or hex text in a variable. */
export function envProvider({ variable }: { readonly variable: string }, host: KeyHost): KeyProvider {
  return givenKey('env', async () => {
    const text = host.env.get(variable) ?? '';
    if (text === '') throw unavailable('env', `the variable ${variable} is not set`);
    const key = keyOfText(text);
    if (key === undefined) throw unavailable('env', `${variable} does not hold ${KEY_BYTES} bytes in base64 or hex`);
    return key;
  });
}
