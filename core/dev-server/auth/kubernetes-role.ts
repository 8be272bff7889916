// One role and the configuration of the `kubernetes` method: reading and showing. No login here.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalFlag, optionalList, optionalText } from '../fields.js';
import { publicKeyOf } from './jws.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** How the Kubernetes API server is reached and what its tokens are checked with. */
export interface KubernetesConfig {
  readonly host: string;
  readonly caCert: string;
  readonly reviewerJwt: string;
  readonly disableLocalCaJwt: boolean;
  readonly disableIssValidation: boolean;
  readonly issuer: string;
  readonly pemKeys: readonly string[];
}

/** Accepts a configuration. Throws 400. */
export function readKubernetesConfig(body: Fields): KubernetesConfig {
  const host = optionalText(body, 'kubernetes_host') ?? '';
  if (host === '') throw fault(400, 'no host provided');
  if (!URL.canParse(host)) throw fault(400, `invalid kubernetes_host "${host}"`);
  const pemKeys = Array.isArray(body['pem_keys']) ? body['pem_keys'].map(String) : [];
  for (const pem of pemKeys) checkKey(pem);
  return {
    host,
    caCert: optionalText(body, 'kubernetes_ca_cert') ?? '',
    reviewerJwt: optionalText(body, 'token_reviewer_jwt') ?? '',
    disableLocalCaJwt: optionalFlag(body, 'disable_local_ca_jwt') ?? false,
    disableIssValidation: optionalFlag(body, 'disable_iss_validation') ?? true,
    issuer: optionalText(body, 'issuer') ?? '',
    pemKeys,
  };
}

function checkKey(pem: string): void {
  try {
    publicKeyOf(pem);
  } catch (error) {
    throw fault(400, (error as Error).message);
  }
}

/** The answer to a read of the configuration. */
export function shownKubernetesConfig(config: KubernetesConfig): Fields {
  return {
    disable_iss_validation: config.disableIssValidation,
    disable_local_ca_jwt: config.disableLocalCaJwt,
    issuer: config.issuer,
    kubernetes_ca_cert: config.caCert,
    kubernetes_host: config.host,
    pem_keys: [...config.pemKeys],
    token_reviewer_jwt_set: config.reviewerJwt !== '',
  };
}

/** A role. */
export interface KubernetesRole {
  readonly names: readonly string[];
  readonly namespaces: readonly string[];
  readonly audience: string;
  readonly aliasNameSource: string;
  readonly token: TokenParams;
}

/** A role before its first write. */
export const FRESH_KUBERNETES_ROLE: KubernetesRole = {
  names: [],
  namespaces: [],
  audience: '',
  aliasNameSource: 'serviceaccount_uid',
  token: NO_PARAMS,
};

/** The role after a write. Throws 400. */
export function changedKubernetesRole(before: KubernetesRole, body: Fields): KubernetesRole {
  const role: KubernetesRole = {
    names: optionalList(body, 'bound_service_account_names') ?? before.names,
    namespaces: optionalList(body, 'bound_service_account_namespaces') ?? before.namespaces,
    audience: optionalText(body, 'audience') ?? before.audience,
    aliasNameSource: optionalText(body, 'alias_name_source') ?? before.aliasNameSource,
    token: readTokenParams(body, before.token),
  };
  checkBound('bound_service_account_names', role.names);
  checkBound('bound_service_account_namespaces', role.namespaces);
  if (!['serviceaccount_uid', 'serviceaccount_name'].includes(role.aliasNameSource)) {
    throw fault(400, `invalid alias_name_source "${role.aliasNameSource}"`);
  }
  return role;
}

function checkBound(field: string, values: readonly string[]): void {
  if (values.length === 0) throw fault(400, `"${field}" can not be empty`);
  if (values.length > 1 && values.includes('*')) throw fault(400, `can not mix "*" with values`);
}

/** The answer to a read of the role. */
export function shownKubernetesRole(role: KubernetesRole): Fields {
  return {
    alias_name_source: role.aliasNameSource,
    ...(role.audience === '' ? {} : { audience: role.audience }),
    bound_service_account_names: [...role.names],
    bound_service_account_namespace_selector: '',
    bound_service_account_namespaces: [...role.namespaces],
    ...shownTokenParams(role.token),
  };
}
