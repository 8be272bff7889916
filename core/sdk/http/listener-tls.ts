// The tls_* settings of a listener -> what node:tls takes, with every usual mistake told in words. Reads files; binds nothing.
import { X509Certificate, createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { agentError, type AgentError } from '../errors.js';
import { failureText } from '../failure-text.js';
import type { TlsMaterial } from './create-http-server.js';
import { TLS_VERSIONS, cipherString, curveString } from './cipher-suites.js';

/** The TLS settings of a listener, named as in agent files (spec cache 2.1). */
export interface ListenerTlsSettings {
  readonly tls_disable?: boolean;
  readonly tls_cert_file?: string;
  readonly tls_key_file?: string;
  readonly tls_client_ca_file?: string;
  readonly tls_min_version?: string;
  readonly tls_max_version?: string;
  readonly tls_cipher_suites?: string | readonly string[];
  readonly tls_key_exchange_preferences?: string | readonly string[];
  readonly tls_require_and_verify_client_cert?: boolean;
  readonly tls_disable_client_certs?: boolean;
}

/** Whom the errors name, and the time that certificates are checked against. */
export interface ListenerTlsContext {
  readonly address: string;
  /** Wall clock, ms. */
  readonly nowMs: number;
}

type Fail = (why: string, hint?: string, cause?: unknown) => AgentError;

/**
 * Reads and checks certificate, key and rules. Undefined when `tls_disable` is set. Throws LISTEN_TLS: no certificate named, a file missing or
 * unreadable, no PEM in it, expired or not yet valid, a key of another certificate, unknown version or suite, contradicting settings.
 */
export async function readListenerTls(
  settings: ListenerTlsSettings,
  { address, nowMs }: ListenerTlsContext,
): Promise<TlsMaterial | undefined> {
  if (settings.tls_disable === true) return undefined;
  const fail: Fail = (why, hint, cause) => agentError('LISTEN_TLS', { address, why }, { hint, cause });
  const material = {
    ...rules(settings, fail),
    ...(await identity(settings, nowMs, fail)),
    ...(await clients(settings, fail)),
  };
  try {
    createSecureContext(material);
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error), undefined, error);
  }
  return material;
}

async function identity(settings: ListenerTlsSettings, nowMs: number, fail: Fail): Promise<TlsMaterial> {
  const cert = await pem('tls_cert_file', settings.tls_cert_file, fail);
  const key = await pem('tls_key_file', settings.tls_key_file, fail);
  const leaf = parse(
    'tls_cert_file',
    settings.tls_cert_file,
    'a PEM certificate',
    () => new X509Certificate(cert),
    fail,
  );
  const privateKey = parse(
    'tls_key_file',
    settings.tls_key_file,
    'an unencrypted PEM key',
    () => createPrivateKey(key),
    fail,
  );
  checkDates(leaf, String(settings.tls_cert_file), nowMs, fail);
  checkPair(leaf, privateKey, settings, fail);
  return { cert, key };
}

async function pem(name: string, path: string | undefined, fail: Fail): Promise<string> {
  if (path === undefined || path === '') {
    throw fail(`${name} is not set`, 'set tls_cert_file and tls_key_file, or tls_disable = true for plain HTTP');
  }
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw fail(`${name} ${path}: ${failureText(error)}`, `check the path and that this user may read it`, error);
  });
}

function parse<T>(name: string, path: string | undefined, what: string, read: () => T, fail: Fail): T {
  try {
    return read();
  } catch (error) {
    throw fail(`${name} ${path ?? ''} does not hold ${what}`, undefined, error);
  }
}

function checkDates(leaf: X509Certificate, path: string, nowMs: number, fail: Fail): void {
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (nowMs > to)
    throw fail(
      `the certificate in ${path} expired on ${new Date(to).toISOString()}`,
      'put a renewed certificate there',
    );
  if (nowMs >= from) return;
  throw fail(
    `the certificate in ${path} is not valid before ${new Date(from).toISOString()}`,
    'check the clock of this machine',
  );
}

function checkPair(leaf: X509Certificate, key: KeyObject, settings: ListenerTlsSettings, fail: Fail): void {
  if (leaf.checkPrivateKey(key)) return;
  const { tls_key_file: keyFile, tls_cert_file: certFile } = settings;
  throw fail(
    `the key in ${keyFile} does not belong to the certificate in ${certFile}`,
    'give certificate and key of one pair; the own certificate comes first in its file',
  );
}

async function clients(settings: ListenerTlsSettings, fail: Fail): Promise<TlsMaterial> {
  const required = settings.tls_require_and_verify_client_cert === true;
  if (settings.tls_disable_client_certs === true) {
    if (required) throw fail('tls_disable_client_certs and tls_require_and_verify_client_cert exclude each other');
    return { requestCert: false, rejectUnauthorized: false };
  }
  if (!required) return { requestCert: true, rejectUnauthorized: false };
  const path = settings.tls_client_ca_file;
  if (path === undefined || path === '') return { requestCert: true, rejectUnauthorized: true };
  const ca = await pem('tls_client_ca_file', path, fail);
  parse('tls_client_ca_file', path, 'a PEM certificate', () => new X509Certificate(ca), fail);
  return { requestCert: true, rejectUnauthorized: true, ca };
}

function rules(settings: ListenerTlsSettings, fail: Fail): TlsMaterial {
  const names = Object.keys(TLS_VERSIONS);
  const min = settings.tls_min_version || 'tls12';
  const max = settings.tls_max_version || 'tls13';
  for (const [key, name] of [
    ['tls_min_version', min],
    ['tls_max_version', max],
  ] as const) {
    if (!names.includes(name)) throw fail(`${key} "${name}" is unknown`, `use one of ${names.join(', ')}`);
  }
  if (names.indexOf(max) < names.indexOf(min)) throw fail(`tls_max_version ${max} is below tls_min_version ${min}`);
  return {
    minVersion: TLS_VERSIONS[min] ?? 'TLSv1.2',
    maxVersion: TLS_VERSIONS[max] ?? 'TLSv1.3',
    ...suites(settings, names.indexOf(min) < 2, fail),
    ...curves(settings, fail),
  };
}

function suites(settings: ListenerTlsSettings, old: boolean, fail: Fail): TlsMaterial {
  const names = list(settings.tls_cipher_suites);
  // OpenSSL 3 refuses TLS 1.0 and 1.1 above security level 0.
  const level = old ? ':@SECLEVEL=0' : '';
  if (names.length === 0) return old ? { ciphers: `DEFAULT${level}` } : {};
  const found = cipherString(names);
  if ('unknown' in found)
    throw fail(
      `tls_cipher_suites: "${found.unknown}" is not a known suite`,
      'use the IANA names, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    );
  return { ciphers: `${found.ciphers}${level}` };
}

function curves(settings: ListenerTlsSettings, fail: Fail): TlsMaterial {
  const names = list(settings.tls_key_exchange_preferences);
  if (names.length === 0) return {};
  const found = curveString(names);
  if ('unknown' in found) throw fail(`tls_key_exchange_preferences: "${found.unknown}" is not a known group`);
  return { ecdhCurve: found.curves };
}

function list(value: string | readonly string[] | undefined): string[] {
  const items = typeof value === 'string' ? value.split(',') : (value ?? []);
  return items.map((item) => item.trim()).filter((item) => item !== '');
}
