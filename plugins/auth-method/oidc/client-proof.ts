// How the client proves who it is: a secret in a header or in the body (RFC 6749 2.3.1), or an assertion that is signed anew for each attempt (RFC 7523,
// OpenID Connect Core 9). Pure but for random numbers.
import { createPrivateKey, randomUUID, type KeyObject } from 'node:crypto';
import { Secret, agentError, signJwt, type AgentError, type JwtAlgorithm } from 'claviger/sdk';
import type { Proof } from './provider.js';

// Long enough for clocks that are a little apart, short enough to be worthless soon.
const LIFE_SECONDS = 120;

/** The proof of a secret. */
export function secretProof(clientId: string, secret: Secret, way: 'basic' | 'post'): Proof {
  const text = secret.reveal();
  if (way === 'post') return { headers: {}, form: { client_id: clientId, client_secret: text }, secrets: [secret] };
  const pair = Buffer.from(`${formEncoded(clientId)}:${formEncoded(text)}`).toString('base64');
  // The pair and its encoded half are secrets too: a provider may repeat them.
  const secrets = [secret, new Secret(formEncoded(text)), new Secret(pair)];
  return { headers: { Authorization: `Basic ${pair}` }, form: {}, secrets };
}

const formEncoded = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);

/** What an assertion says and how it is signed. */
export interface AssertionOrder {
  readonly clientId: string;
  readonly audience: string;
  readonly key: Secret;
  /** The file of the key, for messages. */
  readonly path: string;
  readonly algorithm: Exclude<JwtAlgorithm, 'HS256'> | undefined;
  readonly keyId: string | undefined;
  readonly nowMs: number;
}

/** The proof of a private key. Throws AUTH_CREDENTIAL_INVALID for a key that cannot sign. */
export function assertionProof(order: AssertionOrder): Proof {
  const { clientId, audience, keyId, nowMs } = order;
  const key = parsedKey(order);
  const seconds = Math.floor(nowMs / 1000);
  const claims = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    iat: seconds,
    exp: seconds + LIFE_SECONDS,
  };
  const alg = order.algorithm ?? algorithmOf(key, order.path);
  const assertion = signJwt({ alg, claims, key, ...(keyId !== undefined && { header: { kid: keyId } }) });
  const form = {
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
  return { headers: {}, form, secrets: [new Secret(assertion)] };
}

function parsedKey({ key, path }: AssertionOrder): KeyObject {
  const pem = key.reveal();
  if (pem.includes('ENCRYPTED')) throw invalid(path, 'it is encrypted; store it without a passphrase');
  try {
    return createPrivateKey(pem);
  } catch {
    // The parser's own error is left out: it could quote the key.
    throw invalid(path, 'it is not a PEM private key');
  }
}

function algorithmOf(key: KeyObject, path: string): 'RS256' | 'ES256' {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw invalid(path, 'it is neither an RSA key nor an EC key on the curve P-256');
}

const invalid = (path: string, why: string): AgentError =>
  agentError('AUTH_CREDENTIAL_INVALID', { what: `private_key_file ${path}`, why }, { at: path });
