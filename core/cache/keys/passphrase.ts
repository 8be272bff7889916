// Provider `passphrase`: the key is derived by scrypt (RFC 7914); salt and cost stand before the wrapped key. It must not keep the passphrase.
import { randomBytes, scrypt } from 'node:crypto';
import { readSmallFile, unavailable } from './key-content.js';
import { KEY_BYTES, type KeyHost, type KeyProvider } from './provider.js';
import { openKey, sealKey, unsealFailed } from './sealed-key.js';

const SALT = 16;
const LOG_N = 17;
// Bounds for what a store may ask of us: 2^18 needs 256 MiB.
const LEAST_LOG_N = 10;
const MOST_LOG_N = 18;

function derive(passphrase: string, salt: Uint8Array, logN: number): Promise<Buffer> {
  const cost = { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** logN * 1024 + 32 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, KEY_BYTES, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** A passphrase from a file (one newline at its end does not count) or a variable. Blob: log2 of N, salt, sealed key. */
export function passphraseProvider(
  settings: { readonly file?: string | undefined; readonly variable?: string | undefined },
  host: KeyHost,
): KeyProvider {
  const name = 'passphrase';
  const read = (): Promise<string> => readPassphrase(settings, host);
  return {
    name,
    needsToken: false,
    check: async () => void (await read()),
    async wrap(dataKey, binding) {
      const salt = randomBytes(SALT);
      const logN = host.scryptLogN ?? LOG_N;
      const key = await derive(await read(), salt, logN);
      return Buffer.concat([Buffer.of(logN), salt, sealKey(key, dataKey, binding)]);
    },
    async unwrap(wrapped, binding) {
      const logN = wrapped[0] ?? 0;
      if (wrapped.length < 1 + SALT || logN < LEAST_LOG_N || logN > MOST_LOG_N)
        throw unsealFailed('its wrapped key is damaged');
      const key = await derive(await read(), wrapped.subarray(1, 1 + SALT), logN);
      return openKey(key, wrapped.subarray(1 + SALT), binding);
    },
  };
}

async function readPassphrase(
  { file, variable }: { readonly file?: string | undefined; readonly variable?: string | undefined },
  { log, env }: KeyHost,
): Promise<string> {
  const provider = 'passphrase';
  if (file === undefined) {
    const text = env.get(variable ?? '') ?? '';
    if (text === '') throw unavailable(provider, `the variable ${variable} is not set`);
    return text;
  }
  const content = await readSmallFile(file, { provider, log, open: 'refuse' });
  if (content === undefined) throw unavailable(provider, `${file} does not exist`);
  const text = content.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') throw unavailable(provider, `${file} is empty`);
  return text;
}
