// Where the `jwt` method gets its public keys: from its configuration, or from a JWKS address when one is configured.
import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { httpCall } from './http-call.js';
import { publicKeyOf, signatureHolds } from './jws.js';
import type { Jws } from './jws.js';

/** Proves signatures. */
export interface KeySource {
  /** Resolves when a known key made the signature; rejects with a plain Error that says why not. */
  prove(jws: Jws): Promise<void>;
}

/** Fixed keys as PEM texts. Throws a plain Error for a text that is no key. */
export function staticKeys(pems: readonly string[]): KeySource {
  const keys = pems.map(publicKeyOf);
  return {
    prove: async (jws) => {
      if (!signatureHolds(jws, keys)) throw new Error('no known key successfully validated the token signature');
    },
  };
}

/** Keys of a JWKS address (RFC 7517); fetched again when a token names a key that is not known yet. */
export class RemoteKeys implements KeySource {
  readonly #url: string;
  readonly #ca: string;
  #known: readonly NamedKey[] = [];

  constructor(url: string, ca: string) {
    this.#url = url;
    this.#ca = ca;
  }

  async prove(jws: Jws): Promise<void> {
    if (signatureHolds(jws, fitting(this.#known, jws))) return;
    await this.fetch();
    if (!signatureHolds(jws, fitting(this.#known, jws))) throw new Error('failed to verify id token signature');
  }

  /** Fetches the keys now; rejects when there are none to be had. */
  async fetch(): Promise<void> {
    const answer = await httpCall({ method: 'GET', url: this.#url, ca: this.#ca });
    if (answer.status !== 200) throw new Error(`get keys failed: ${String(answer.status)}`);
    this.#known = keysOf(JSON.parse(answer.text) as unknown);
  }
}

/**
 * The JWKS address that an issuer's discovery document names (OpenID Connect Discovery 4). Rejects with a plain Error when there is none, or when the
 * document is of another issuer.
 */
export async function discoveredKeys(issuer: string, ca: string): Promise<string> {
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  const answer = await httpCall({ method: 'GET', url, ca });
  if (answer.status !== 200) throw new Error(`${String(answer.status)} from ${url}`);
  const document = JSON.parse(answer.text) as { issuer?: unknown; jwks_uri?: unknown };
  if (document.issuer !== issuer) throw new Error('oidc: issuer did not match the issuer returned by provider');
  if (typeof document.jwks_uri !== 'string') throw new Error('the discovery document names no keys');
  return document.jwks_uri;
}

interface NamedKey {
  readonly id: string | undefined;
  readonly key: KeyObject;
}

function fitting(keys: readonly NamedKey[], jws: Jws): KeyObject[] {
  return keys.filter(({ id }) => jws.keyId === undefined || id === jws.keyId).map(({ key }) => key);
}

function keysOf(body: unknown): NamedKey[] {
  const keys = (body as { keys?: unknown } | null)?.keys;
  return Array.isArray(keys) ? keys.flatMap((jwk: unknown) => keyOf(jwk)) : [];
}

function keyOf(jwk: unknown): NamedKey[] {
  try {
    const id = (jwk as { kid?: unknown }).kid;
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    return [{ id: typeof id === 'string' ? id : undefined, key }];
  } catch {
    return [];
  }
}
