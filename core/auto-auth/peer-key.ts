// The public key of the one who reads an encrypted sink, from `dh_path` (spec config 4.5, step 1). Trusted on first use: read once, then kept.
import { readFile } from 'node:fs/promises';
import { agentError } from '../sdk/index.js';
import { publicKeyOf } from './dh.js';

/** Reads the key when first asked and remembers it. A failed read is tried again at the next call. */
export class PeerKey {
  readonly #path: string;
  #key: Buffer | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Throws SINK_ENCRYPT_FAILED while the file is missing or not usable. */
  async read(): Promise<Buffer> {
    this.#key ??= parse(await this.#text(), this.#path);
    return this.#key;
  }

  async #text(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (cause) {
      const why = `${this.#path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}); the reader has to write its public key there`;
      throw agentError('SINK_ENCRYPT_FAILED', { why }, { cause });
    }
  }
}

function parse(text: string, path: string): Buffer {
  let key: unknown;
  try {
    key = (JSON.parse(text) as { curve25519_public_key?: unknown } | null)?.curve25519_public_key;
  } catch (cause) {
    throw agentError('SINK_ENCRYPT_FAILED', { why: `${path} is not JSON` }, { cause });
  }
  if (typeof key !== 'string' || key === '') {
    throw agentError('SINK_ENCRYPT_FAILED', { why: `${path} has no curve25519_public_key` });
  }
  return publicKeyOf(key);
}
