// The certificate and key that Cloud Foundry put into this container: where they are, what they hold, and whether they belong together.
// Knows files and nothing of the login.
import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { agentError, readCredential, type AgentError, type EnvAccess, type Secret, type Tried } from 'claviger/sdk';

/** Settings that name the files. */
export interface PairSettings {
  readonly cf_instance_cert?: string;
  readonly cf_instance_key?: string;
}

/** One file and what named it. */
export interface Place {
  readonly path: string;
  /** `cf_instance_cert` or `CF_INSTANCE_CERT`. */
  readonly namedBy: string;
}

/** Where certificate and key are. */
export interface PairPlaces {
  readonly cert: Place;
  readonly key: Place;
}

/** Usable material. */
export interface InstancePair {
  /** The whole file byte for byte, because it is signed as it is. */
  readonly certText: string;
  readonly key: KeyObject;
  readonly keyText: Secret;
  /** Of the instance certificate; wall clock, ms. */
  readonly expiresAt: number;
  readonly certificates: number;
  readonly trail: readonly Tried[];
}

const MAX_BYTES = 1024 * 1024;

/** Looks up both files: the setting counts before the environment variable. Throws AUTH_SOURCE_NONE when neither names one. (auth-wire 8) */
export function placesOf(settings: PairSettings, env: EnvAccess): PairPlaces {
  return {
    cert: place('instance certificate', 'cf_instance_cert', settings.cf_instance_cert, env),
    key: place('key of the instance certificate', 'cf_instance_key', settings.cf_instance_key, env),
  };
}

function place(what: string, setting: string, written: string | undefined, env: EnvAccess): Place {
  if (written !== undefined && written !== '') return { path: written, namedBy: setting };
  const variable = setting.toUpperCase();
  const path = env.get(variable) ?? '';
  if (path !== '') return { path, namedBy: variable };
  const tried = `the setting ${setting} (not set), the environment variable ${variable} (not set)`;
  const hint = 'run the agent inside an application container of Cloud Foundry, or name the files in the settings';
  throw agentError('AUTH_SOURCE_NONE', { what, tried }, { hint });
}

/** Reads both files. Throws the errors of `readCredential`, and AUTH_CREDENTIAL_INVALID for what is no pair. */
export async function readPair({ cert, key }: PairPlaces, signal: AbortSignal): Promise<InstancePair> {
  const read = async ({ path, namedBy }: Place): Promise<Secret> =>
    (await readCredential(path, { what: namedBy, signal, maxBytes: MAX_BYTES, trim: false })).text;
  const [certSecret, keyText] = [await read(cert), await read(key)];
  const certText = certSecret.reveal();
  const certificates = certificatesIn(certText, cert);
  const keyObject = keyIn(keyText, key);
  const owner = certificates.find((certificate) => certificate.checkPrivateKey(keyObject));
  if (owner === undefined) throw invalid(cert, `the key in ${key.path} belongs to another certificate`);
  return {
    certText,
    key: keyObject,
    keyText,
    expiresAt: Date.parse(owner.validTo),
    certificates: certificates.length,
    trail: [cert, key].map(({ path, namedBy }) => ({ source: `${path} (${namedBy})`, outcome: 'read' })),
  };
}

function certificatesIn(text: string, from: Place): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw invalid(from, 'it holds no PEM certificate');
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw invalid(from, 'it holds a PEM block that is no certificate');
  }
}

// PKCS#1 as Cloud Foundry writes it, or PKCS#8. The parser's own error is left out: it could quote the key.
function keyIn(text: Secret, from: Place): KeyObject {
  const pem = text.reveal();
  if (pem.includes('ENCRYPTED')) throw invalid(from, 'it is encrypted; store it without a passphrase');
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw invalid(from, 'it is not a PEM private key');
  }
  if (key.asymmetricKeyType !== 'rsa') throw invalid(from, 'it is not an RSA key');
  return key;
}

function invalid({ path, namedBy }: Place, why: string): AgentError {
  return agentError('AUTH_CREDENTIAL_INVALID', { what: `${namedBy} ${path}`, why }, { at: path });
}
