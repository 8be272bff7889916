// Is a client identity usable: do the texts parse, and do certificate and key belong together? Pure.
import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { agentError, type AgentError, type ClientIdentity } from 'claviger/sdk';
import type { IdentityPaths } from './read-identity.js';

/** When a certificate is good, wall clock, ms; without one it always is. */
export interface IdentityFacts {
  readonly notBefore: number;
  readonly expiresAt: number;
}

const ALWAYS: IdentityFacts = { notBefore: -Infinity, expiresAt: Infinity };

/** Checks an identity and tells when its certificate is good. Throws AUTH_CREDENTIAL_INVALID. */
export function checkIdentity(identity: ClientIdentity, paths: IdentityPaths): IdentityFacts {
  if (identity.ca !== undefined) parseCertificate(identity.ca, 'ca_cert', paths.ca_cert);
  if (identity.cert === undefined && identity.key === undefined) return ALWAYS;
  if (identity.cert === undefined) throw invalid('client_key', 'it needs client_cert beside it', paths.client_key);
  if (identity.key === undefined) throw invalid('client_cert', 'it needs client_key beside it', paths.client_cert);
  const certificate = parseCertificate(identity.cert, 'client_cert', paths.client_cert);
  const key = parseKey(identity.key.reveal(), paths.client_key);
  if (!certificate.checkPrivateKey(key)) {
    throw invalid('client_cert', 'the key in client_key belongs to another certificate', paths.client_cert);
  }
  return { notBefore: Date.parse(certificate.validFrom), expiresAt: Date.parse(certificate.validTo) };
}

function parseCertificate(pem: string, what: string, path: string | undefined): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(what, 'it is not a PEM certificate', path, cause);
  }
}

function parseKey(pem: string, path: string | undefined): KeyObject {
  if (pem.includes('ENCRYPTED')) throw invalid('client_key', 'it is encrypted; store it without a passphrase', path);
  try {
    return createPrivateKey(pem);
  } catch {
    // The parser's own error is left out: it could quote the key.
    throw invalid('client_key', 'it is not a PEM private key', path);
  }
}

function invalid(what: string, why: string, path: string | undefined, cause?: unknown): AgentError {
  return agentError(
    'AUTH_CREDENTIAL_INVALID',
    { what: path === undefined ? what : `${what} ${path}`, why },
    { at: path, cause },
  );
}
