// The configuration of the `cf` method: reading and showing. Old names with `pcf_` count too. No login here.
import { X509Certificate } from 'node:crypto';
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalList, optionalText } from '../fields.js';

/** Whom the method trusts and where it asks. */
export interface CfConfig {
  readonly identityCas: readonly string[];
  readonly apiAddress: string;
  readonly apiCas: readonly string[];
  readonly username: string;
  readonly password: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly maxOldMs: number;
  readonly maxAheadMs: number;
}

const FRESH: CfConfig = {
  identityCas: [],
  apiAddress: '',
  apiCas: [],
  username: '',
  password: '',
  clientId: '',
  clientSecret: '',
  maxOldMs: 300_000,
  maxAheadMs: 60_000,
};

/** The configuration after a write: what the body names, the rest as before. Throws 400. */
export function readCfConfig(body: Fields, before: CfConfig = FRESH): CfConfig {
  const text = (name: string) => optionalText(body, name);
  const config: CfConfig = {
    identityCas: optionalList(body, 'identity_ca_certificates') ?? before.identityCas,
    apiAddress: text('cf_api_addr') ?? text('pcf_api_addr') ?? before.apiAddress,
    apiCas: optionalList(body, 'cf_api_trusted_certificates') ?? before.apiCas,
    username: text('cf_username') ?? text('pcf_username') ?? before.username,
    password: text('cf_password') ?? text('pcf_password') ?? before.password,
    clientId: text('cf_client_id') ?? before.clientId,
    clientSecret: text('cf_client_secret') ?? before.clientSecret,
    maxOldMs: optionalDuration(body, 'login_max_seconds_not_before') ?? before.maxOldMs,
    maxAheadMs: optionalDuration(body, 'login_max_seconds_not_after') ?? before.maxAheadMs,
  };
  check(config);
  return config;
}

function check(config: CfConfig): void {
  if (config.identityCas.length === 0) throw fault(400, "'identity_ca_certificates' is required");
  if (config.apiAddress === '') throw fault(400, "'cf_api_addr' is required");
  if (config.username === '' && config.clientId === '') throw fault(400, "'cf_username' or 'cf_client_id' is required");
  if (config.password === '' && config.clientSecret === '')
    throw fault(400, "'cf_password' or 'cf_client_secret' is required");
  if (!config.identityCas.every(isCertificate)) throw fault(400, "couldn't append root certificate");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** The answer to a read of the configuration. */
export function shownCfConfig(config: CfConfig): Fields {
  return {
    version: 1,
    identity_ca_certificates: [...config.identityCas],
    cf_api_trusted_certificates: [...config.apiCas],
    cf_api_mutual_tls_certificate: '',
    cf_api_addr: config.apiAddress,
    cf_username: config.username,
    cf_client_id: config.clientId,
    login_max_seconds_not_before: config.maxOldMs / 1000,
    login_max_seconds_not_after: config.maxAheadMs / 1000,
  };
}
