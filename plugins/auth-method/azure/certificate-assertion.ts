// The assertion by which an application with a certificate proves itself to Entra (RFC 7523; header x5t#S256 of RFC 7515). Signs; asks nobody.
import { createHash, createPrivateKey, randomUUID, X509Certificate, type KeyObject } from 'node:crypto';
import { agentError, Secret, signJwt } from 'claviger/sdk';

/** What to sign with, for whom. */
export interface AssertionOrder {
  /** Certificate and private key, in any order. */
  readonly pem: Secret;
  readonly password: Secret | undefined;
  /** For messages. */
  readonly what: string;
  /** The token endpoint. */
  readonly audience: string;
  readonly clientId: string;
  readonly nowMs: number;
}

const LIFE_S = 600;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]+?-----END (?:[A-Z]+ )*PRIVATE KEY-----/;

/** PS256, ten minutes, a fresh id each time. Throws AUTH_CREDENTIAL_INVALID, which never quotes the file. */
export function certificateAssertion(order: AssertionOrder): {
  readonly assertion: Secret;
  readonly thumbprint: string;
} {
  const { what, audience, clientId, nowMs } = order;
  const text = order.pem.reveal();
  const certificate = certificateIn(text, what);
  const key = keyIn(text, order.password, what);
  if (!certificate.checkPrivateKey(key)) throw invalid(what, 'its private key belongs to another certificate');
  if (Date.parse(certificate.validTo) <= nowMs)
    throw invalid(what, `the certificate expired on ${certificate.validTo}`);
  const thumbprint = createHash('sha256').update(certificate.raw).digest('base64url');
  const now = Math.floor(nowMs / 1000);
  const subject = { aud: audience, iss: clientId, sub: clientId };
  const claims = { ...subject, jti: randomUUID(), iat: now, nbf: now, exp: now + LIFE_S };
  const assertion = signJwt({ alg: 'PS256', header: { 'x5t#S256': thumbprint }, claims, key });
  return { assertion: new Secret(assertion), thumbprint };
}

// The parsers' own errors are left out: they could quote the file.
function certificateIn(text: string, what: string): X509Certificate {
  const pem = CERTIFICATE.exec(text)?.[0];
  if (pem === undefined) throw invalid(what, 'it has no PEM certificate (a PKCS#12 file must be converted to PEM)');
  try {
    return new X509Certificate(pem);
  } catch {
    throw invalid(what, 'its certificate is damaged');
  }
}

function keyIn(text: string, password: Secret | undefined, what: string): KeyObject {
  const key = PRIVATE_KEY.exec(text)?.[0];
  if (key === undefined) throw invalid(what, 'it has no PEM private key');
  if (key.includes('ENCRYPTED') && password === undefined) {
    throw invalid(what, 'its private key is encrypted and AZURE_CLIENT_CERTIFICATE_PASSWORD is not set');
  }
  try {
    return createPrivateKey(password === undefined ? key : { key, passphrase: password.reveal() });
  } catch {
    throw invalid(what, password === undefined ? 'its private key is damaged' : 'its private key does not open');
  }
}

const invalid = (what: string, why: string): Error => agentError('AUTH_CREDENTIAL_INVALID', { what, why });
