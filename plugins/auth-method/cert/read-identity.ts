// Reads the PEM files of a client identity. Judges nothing but that they are there.
import { readCredential, type ClientIdentity } from 'claviger/sdk';

/** The files, by setting; absent ones are not configured. */
export interface IdentityPaths {
  readonly client_cert?: string;
  readonly client_key?: string;
  readonly ca_cert?: string;
}

const MAX_BYTES = 1024 * 1024;

/** Reads all configured files. Throws the errors of `readCredential`. */
export async function readIdentity(paths: IdentityPaths, signal: AbortSignal): Promise<ClientIdentity> {
  const read = async (what: keyof IdentityPaths) => {
    const path = paths[what];
    return path === undefined ? undefined : (await readCredential(path, { what, signal, maxBytes: MAX_BYTES })).text;
  };
  const [cert, key, ca] = [await read('client_cert'), await read('client_key'), await read('ca_cert')];
  return { cert: cert?.reveal(), key, ca: ca?.reveal() };
}

/** True when both hold the same texts. */
export function isSameIdentity(a: ClientIdentity, b: ClientIdentity): boolean {
  const sameKey = a.key === undefined ? b.key === undefined : a.key.equals(b.key);
  return sameKey && a.cert === b.cert && a.ca === b.ca;
}
