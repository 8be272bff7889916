// Names of TLS suites, versions and curves as agent files write them (Go's names) -> OpenSSL's names. Pure tables.
import type { SecureVersion } from 'node:tls';

/** `tls10` ... `tls13`, oldest first. */
export const TLS_VERSIONS: Readonly<Record<string, SecureVersion>> = {
  tls10: 'TLSv1',
  tls11: 'TLSv1.1',
  tls12: 'TLSv1.2',
  tls13: 'TLSv1.3',
};

const TLS13_SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

const CIPHERS: Readonly<Record<string, string>> = {
  AES_128_CBC_SHA: 'AES128-SHA',
  AES_256_CBC_SHA: 'AES256-SHA',
  AES_128_CBC_SHA256: 'AES128-SHA256',
  AES_128_GCM_SHA256: 'AES128-GCM-SHA256',
  AES_256_GCM_SHA384: 'AES256-GCM-SHA384',
  CHACHA20_POLY1305: 'CHACHA20-POLY1305',
  CHACHA20_POLY1305_SHA256: 'CHACHA20-POLY1305',
};

const EXCHANGES: Readonly<Record<string, string>> = {
  TLS_RSA_WITH_: '',
  TLS_ECDHE_RSA_WITH_: 'ECDHE-RSA-',
  TLS_ECDHE_ECDSA_WITH_: 'ECDHE-ECDSA-',
};

const CURVES: Readonly<Record<string, string>> = {
  CurveP256: 'P-256',
  CurveP384: 'P-384',
  CurveP521: 'P-521',
  X25519: 'X25519',
  X25519MLKEM768: 'X25519MLKEM768',
  SecP256r1MLKEM768: 'SecP256r1MLKEM768',
  SecP384r1MLKEM1024: 'SecP384r1MLKEM1024',
  MLKEM1024: 'MLKEM1024',
};

/**
 * OpenSSL cipher string of Go suite names. The list concerns TLS 1.2 and older; the three suites of TLS 1.3 are always on, as in Go.
 * A name that is not known is returned as `unknown`.
 */
export function cipherString(names: readonly string[]): { readonly ciphers: string } | { readonly unknown: string } {
  const old = names.filter((name) => !TLS13_SUITES.includes(name)).map((name) => [name, opensslName(name)] as const);
  const unknown = old.find(([, cipher]) => cipher === undefined);
  if (unknown !== undefined) return { unknown: unknown[0] };
  return { ciphers: [...TLS13_SUITES, ...old.map(([, cipher]) => cipher)].join(':') };
}

/** OpenSSL group list of Go curve names, or the first unknown one. */
export function curveString(names: readonly string[]): { readonly curves: string } | { readonly unknown: string } {
  const unknown = names.find((name) => !Object.hasOwn(CURVES, name));
  if (unknown !== undefined) return { unknown };
  return { curves: names.map((name) => CURVES[name]).join(':') };
}

function opensslName(name: string): string | undefined {
  const exchange = Object.keys(EXCHANGES).find((prefix) => name.startsWith(prefix));
  if (exchange === undefined) return undefined;
  const cipher = name.slice(exchange.length);
  const known = Object.hasOwn(CIPHERS, cipher) ? CIPHERS[cipher] : undefined;
  return known === undefined ? undefined : `${EXCHANGES[exchange]}${known}`;
}
