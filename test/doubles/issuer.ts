// Signs JSON web tokens (RS256) with a key of its own and shows the public half as a key set (RFC 7517). For doubles that issue tokens.
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const newPair = (): KeyPair => generateKeyPairSync('rsa', { modulusLength: 2048 });

// Making keys is slow: issuers share one until they rotate.
let shared: KeyPair | undefined;

/** An issuer; `rotate` gives it another key. */
export class Issuer {
  #pair = (shared ??= newPair());
  #keyId = randomUUID();

  rotate(): void {
    [this.#pair, this.#keyId] = [newPair(), randomUUID()];
  }

  /** The key set. */
  jwks(): object {
    return {
      keys: [{ ...this.#pair.publicKey.export({ format: 'jwk' }), kid: this.#keyId, use: 'sig', alg: 'RS256' }],
    };
  }

  /** The public key as PEM. */
  get pem(): string {
    return this.#pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  }

  sign(claims: object): string {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = `${part({ alg: 'RS256', typ: 'JWT', kid: this.#keyId })}.${part(claims)}`;
    return `${head}.${sign('sha256', Buffer.from(head), this.#pair.privateKey).toString('base64url')}`;
  }
}
