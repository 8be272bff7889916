// Provider `transit`: the server's transit engine wraps the data key, the agent's counterpart of auto-unseal (R-15). The store is locked until the
// agent has a token. The binding travels inside the plaintext, because not every key type takes associated data.
import { createHash, timingSafeEqual } from 'node:crypto';
import { agentError, AgentError, type Secret, type Vault, type VaultAnswer } from '../../sdk/index.js';
import { KEY_BYTES, type KeyProvider } from './provider.js';
import { unsealFailed } from './sealed-key.js';

/** Whom to ask, and with which key. */
export interface TransitOptions {
  /** Default `transit`. */
  readonly mount?: string | undefined;
  readonly key_name: string;
  readonly vault: Vault;
  /** The agent's own token; waits for the first login. */
  readonly token: () => Promise<Secret>;
}

const NAME = 'transit';
const WORDS = 200;

const digest = (binding: Uint8Array): Buffer => createHash('sha256').update(binding).digest();

/** Throws CACHE_KEY_UNAVAILABLE for anything that may get better (403, 5xx, no connection), CACHE_UNSEAL_FAILED for a key that does not open. */
export function transitProvider(options: TransitOptions): KeyProvider {
  const mount = (options.mount ?? 'transit').replace(/^\/+|\/+$/g, '');
  const ask = async (verb: 'encrypt' | 'decrypt', body: Record<string, string>, field: string): Promise<string> => {
    const path = `${mount}/${verb}/${encodeURIComponent(options.key_name)}`;
    const token = await options.token();
    const answer = await request(options.vault, path, { token, body });
    const text = dataOf(answer)[field];
    if (answer.status < 400 && typeof text === 'string' && text !== '') return text;
    throw refusal(path, answer);
  };
  return {
    name: NAME,
    needsToken: true,
    check: () => Promise.resolve(),
    async wrap(dataKey, binding) {
      const plaintext = Buffer.concat([dataKey, digest(binding)]).toString('base64');
      return Buffer.from(await ask('encrypt', { plaintext }, 'ciphertext'));
    },
    async unwrap(wrapped, binding) {
      const ciphertext = Buffer.from(wrapped).toString('latin1');
      if (!ciphertext.startsWith('vault:')) throw unsealFailed('its wrapped key is not one of the transit engine');
      const plain = Buffer.from(await ask('decrypt', { ciphertext }, 'plaintext'), 'base64');
      if (plain.length !== KEY_BYTES + 32 || !timingSafeEqual(plain.subarray(KEY_BYTES), digest(binding)))
        throw unsealFailed('the wrapped key belongs to another store');
      return plain.subarray(0, KEY_BYTES);
    },
  };
}

async function request(
  vault: Vault,
  path: string,
  call: { readonly token: Secret; readonly body: Record<string, string> },
): Promise<VaultAnswer> {
  try {
    return await vault.request('PUT', path, call);
  } catch (cause) {
    const why = cause instanceof AgentError ? cause.message : 'the request failed';
    throw agentError('CACHE_KEY_UNAVAILABLE', { provider: NAME, why }, { cause });
  }
}

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? (value as Fields) : {});
const dataOf = (answer: VaultAnswer): Fields => fields(fields(answer.body).data);

function refusal(path: string, { status, body }: VaultAnswer): AgentError {
  const list = fields(body).errors;
  const words = (Array.isArray(list) ? list : []).filter((each) => typeof each === 'string').join('; ');
  const why = `${path} answered ${status}${words === '' ? '' : ` (${clean(words)})`}`;
  if (status === 400 && /cipher/i.test(words)) return unsealFailed(why);
  const hint = status === 403 ? `the policy of the agent's token needs "update" on ${path}` : undefined;
  return agentError('CACHE_KEY_UNAVAILABLE', { provider: NAME, why }, { hint });
}

const clean = (words: string): string => words.replace(/[^\x20-\x7e]+/g, ' ').slice(0, WORDS);
