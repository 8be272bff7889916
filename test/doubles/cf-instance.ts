// What Cloud Foundry puts into a container: an instance certificate with its intermediate authority, and the key as PKCS#1.
import { createPrivateKey } from 'node:crypto';
import { makeCertificate, type CertificateWishes, type TestCertificate } from '../../core/sdk/testing/certificates.js';

/** Certificate file, key file, and the authority that a server must trust. */
export interface CfInstance {
  readonly certText: string;
  readonly keyText: string;
  readonly rootCa: string;
}

/** Identifiers that the certificates carry. */
export const CF_IDS = { instance: 'instance-1', app: 'app-1', space: 'space-1', org: 'org-1' } as const;

// RSA keys are slow to make: each certificate is made once per run.
const made = new Map<string, TestCertificate>();

function once(wishes: CertificateWishes): TestCertificate {
  const name = JSON.stringify(wishes);
  const known = made.get(name) ?? makeCertificate({ keys: 'rsa', ...wishes });
  made.set(name, known);
  return known;
}

/** The root authority. */
export const cfRoot = (name = 'CF Root'): TestCertificate => once({ name, authority: true });

/** An intermediate authority below the root. */
export const cfIntermediate = (): TestCertificate =>
  once({ name: 'CF Instance Identity Intermediate', authority: true, issuer: cfRoot() });

/** An instance; the wishes replace what a good one has. */
export function makeInstance(wishes: Partial<CertificateWishes> = {}): CfInstance {
  const units = [`app:${CF_IDS.app}`, `space:${CF_IDS.space}`, `organization:${CF_IDS.org}`];
  const usual = { name: CF_IDS.instance, issuer: cfIntermediate(), units, hosts: ['127.0.0.1'] };
  const { cert, key } = once({ ...usual, ...wishes });
  return { certText: `${cert}${cfIntermediate().cert}`, keyText: asPkcs1(key), rootCa: cfRoot().cert };
}

const asPkcs1 = (pem: string): string =>
  createPrivateKey(pem).asymmetricKeyType === 'rsa'
    ? createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString()
    : pem;
