// Configuration of the `jwt` method: reading, checking, showing.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalList, optionalText } from '../fields.js';
import { RemoteKeys, staticKeys } from './jwt-keys.js';
import type { KeySource } from './jwt-keys.js';

/** A configuration that was accepted. */
export interface JwtConfig {
  readonly pubkeys: readonly string[];
  readonly jwksUrl: string;
  readonly jwksCa: string;
  readonly boundIssuer: string;
  readonly defaultRole: string;
  readonly algorithms: readonly string[];
  readonly keys: KeySource;
}

/** Accepts a configuration; a JWKS address is asked once. Rejects with 400. */
export async function readJwtConfig(body: Fields): Promise<JwtConfig> {
  const pubkeys = pemList(body['jwt_validation_pubkeys']);
  const jwksUrl = optionalText(body, 'jwks_url') ?? '';
  const jwksCa = optionalText(body, 'jwks_ca_pem') ?? '';
  if (optionalText(body, 'oidc_discovery_url') !== undefined) {
    throw fault(400, 'error checking oidc discovery URL: not built into the development server; use jwks_url');
  }
  if (pubkeys.length > 0 === (jwksUrl !== '')) {
    throw fault(400, "exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set");
  }
  return {
    pubkeys,
    jwksUrl,
    jwksCa,
    boundIssuer: optionalText(body, 'bound_issuer') ?? '',
    defaultRole: optionalText(body, 'default_role') ?? '',
    algorithms: optionalList(body, 'jwt_supported_algs') ?? [],
    keys: jwksUrl === '' ? fixed(pubkeys) : await remote(jwksUrl, jwksCa),
  };
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
    oidc_discovery_ca_pem: '',
    oidc_discovery_url: '',
    oidc_response_mode: '',
    oidc_response_types: [],
    provider_config: {},
  };
}
