// Configuration of the `jwt` method: reading, checking, showing.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalList, optionalText } from '../fields.js';
import { RemoteKeys, discoveredKeys, staticKeys } from './jwt-keys.js';
import type { KeySource } from './jwt-keys.js';

/** A configuration that was accepted. */
export interface JwtConfig {
  readonly pubkeys: readonly string[];
  readonly jwksUrl: string;
  readonly jwksCa: string;
  readonly discoveryUrl: string;
  readonly discoveryCa: string;
  readonly boundIssuer: string;
  readonly defaultRole: string;
  readonly algorithms: readonly string[];
  readonly keys: KeySource;
}

/** Accepts a configuration; a JWKS or discovery address is asked once. Rejects with 400. */
export async function readJwtConfig(body: Fields): Promise<JwtConfig> {
  const places = {
    pubkeys: pemList(body['jwt_validation_pubkeys']),
    jwksUrl: optionalText(body, 'jwks_url') ?? '',
    jwksCa: optionalText(body, 'jwks_ca_pem') ?? '',
    discoveryUrl: optionalText(body, 'oidc_discovery_url') ?? '',
    discoveryCa: optionalText(body, 'oidc_discovery_ca_pem') ?? '',
  };
  const set = [places.pubkeys.length > 0, places.jwksUrl !== '', places.discoveryUrl !== ''].filter(Boolean).length;
  if (set !== 1) {
    throw fault(400, "exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set");
  }
  return {
    ...places,
    boundIssuer: optionalText(body, 'bound_issuer') ?? '',
    defaultRole: optionalText(body, 'default_role') ?? '',
    algorithms: optionalList(body, 'jwt_supported_algs') ?? [],
    keys: await keysAt(places),
  };
}

type Places = Pick<JwtConfig, 'pubkeys' | 'jwksUrl' | 'jwksCa' | 'discoveryUrl' | 'discoveryCa'>;

async function keysAt({ pubkeys, jwksUrl, jwksCa, discoveryUrl, discoveryCa }: Places): Promise<KeySource> {
  if (pubkeys.length > 0) return fixed(pubkeys);
  return jwksUrl === '' ? discovered(discoveryUrl, discoveryCa) : remote(jwksUrl, jwksCa);
}

function pemList(value: unknown): string[] {
  const list = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
  return list.filter((pem) => pem.trim() !== '');
}

function fixed(pems: readonly string[]): KeySource {
  try {
    return staticKeys(pems);
  } catch (error) {
    throw fault(400, `error parsing public key: ${(error as Error).message}`);
  }
}

async function remote(url: string, ca: string): Promise<KeySource> {
  try {
    const keys = new RemoteKeys(url, ca);
    await keys.fetch();
    return keys;
  } catch (error) {
    throw fault(400, `error checking jwks URL: ${(error as Error).message}`);
  }
}

async function discovered(url: string, ca: string): Promise<KeySource> {
  try {
    const keys = new RemoteKeys(await discoveredKeys(url, ca), ca);
    await keys.fetch();
    return keys;
  } catch (error) {
    throw fault(400, `error checking oidc discovery URL: ${(error as Error).message}`);
  }
}

/** The answer to a read of the configuration. */
export function shownJwtConfig(config: JwtConfig): Fields {
  return {
    bound_issuer: config.boundIssuer,
    default_role: config.defaultRole,
    jwks_ca_pem: config.jwksCa,
    jwks_url: config.jwksUrl,
    jwt_supported_algs: [...config.algorithms],
    jwt_validation_pubkeys: [...config.pubkeys],
    namespace_in_state: true,
    oidc_client_id: '',
    oidc_discovery_ca_pem: config.discoveryCa,
    oidc_discovery_url: config.discoveryUrl,
    oidc_response_mode: '',
    oidc_response_types: [],
    provider_config: {},
  };
}
