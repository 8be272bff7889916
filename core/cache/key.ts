// The key of a request: a digest of token and namespace, then the digest of the request hasher. A hasher therefore cannot widen access: what it
// sees has no credential in it, and what it says is only compared among requests of the same token and namespace.
import { hash } from 'node:crypto';
import { headersOf, sameName } from '../kernel/raw-headers.js';
import type { RawHeaders, RequestHasher } from '../sdk/index.js';
import type { Exchange } from '../contracts/exchange.js';

const MOST_BINDINGS = 1000;
/** Longer ones are not remembered: clients choose them. */
const LONGEST_BINDING = 2048;

/** Makes keys. Bindings (digests of token and namespace) are remembered, so that a hit costs no digest besides the hasher's. */
export class RequestKeys {
  readonly #hasher: RequestHasher;
  readonly #bindings = new Map<string, string>();

  constructor(hasher: RequestHasher) {
    this.#hasher = hasher;
  }

  /** Key of a request; undefined when its body is not in memory or the hasher has no digest for it. Never throws (D-37). */
  of(exchange: Exchange): string | undefined {
    const digest = exchange.body instanceof Uint8Array ? this.#digest(exchange, exchange.body) : '';
    if (digest === '') return undefined;
    const token = exchange.token === undefined ? '' : exchange.token.reveal();
    // a login may live in this header (kerberos, cloud signatures): what is not the token itself must tell requests apart too
    const authorization = headersOf(exchange.headers, 'authorization');
    const who = authorization.length === 0 ? token : `${token}\n${JSON.stringify(authorization)}`;
    return this.#binding(who, exchange.namespace) + digest;
  }

  /** Forgets the bindings, which hold tokens. */
  forget(): void {
    this.#bindings.clear();
  }

  #digest({ method, path, query, headers }: Exchange, body: Uint8Array): string {
    try {
      return this.#hasher.digest({ method, path, query, headers: withoutCredentials(headers), body });
    } catch {
      return '';
    }
  }

  #binding(who: string, namespace: string): string {
    // unambiguous: namespace and token end at a line break, which no header can hold
    const input = `${namespace}\n${who}`;
    const known = this.#bindings.get(input);
    if (known !== undefined) return known;
    const binding = hash('sha256', input, 'base64url');
    if (input.length > LONGEST_BINDING) return binding;
    if (this.#bindings.size >= MOST_BINDINGS) this.#bindings.clear();
    this.#bindings.set(input, binding);
    return binding;
  }
}

/** A copy without X-Vault-Token, Authorization and X-Vault-Namespace, which the key binds itself. */
export function withoutCredentials(headers: RawHeaders): string[] {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const length = name.length;
    const credential =
      (length === 13 && (sameName(name, 'x-vault-token') || sameName(name, 'authorization'))) ||
      (length === 17 && sameName(name, 'x-vault-namespace'));
    if (!credential) kept.push(name, headers[at + 1]!);
  }
  return kept;
}
