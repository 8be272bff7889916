// The configuration of the `radius` method: reading and showing. No network here.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalList, optionalNumber, optionalText } from '../fields.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** How the RADIUS server is reached. */
export interface RadiusConfig {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  readonly unregisteredUserPolicies: readonly string[];
  readonly readTimeoutMs: number;
  readonly dialTimeoutMs: number;
  readonly nasPort: number;
  readonly nasIdentifier: string;
  readonly token: TokenParams;
}

/** The configuration after a write. Throws 400. */
export function changedRadiusConfig(before: RadiusConfig | undefined, body: Fields): RadiusConfig {
  const host = optionalText(body, 'host')?.toLowerCase() ?? before?.host ?? '';
  if (host === '') throw fault(400, 'config parameter `host` cannot be empty');
  const secret = optionalText(body, 'secret') ?? before?.secret ?? '';
  if (secret === '') throw fault(400, 'config parameter `secret` cannot be empty');
  const policies = optionalList(body, 'unregistered_user_policies') ?? before?.unregisteredUserPolicies ?? [];
  if (policies.includes('root')) throw fault(400, "'root' policy cannot be granted by an auth method");
  return {
    host,
    secret,
    unregisteredUserPolicies: policies.map((name) => name.toLowerCase()),
    ...numbers(before, body),
    nasIdentifier: optionalText(body, 'nas_identifier') ?? before?.nasIdentifier ?? '',
    token: readTokenParams(body, before?.token ?? NO_PARAMS),
  };
}

function numbers(
  before: RadiusConfig | undefined,
  body: Fields,
): Pick<RadiusConfig, 'port' | 'readTimeoutMs' | 'dialTimeoutMs' | 'nasPort'> {
  return {
    port: optionalNumber(body, 'port') ?? before?.port ?? 1812,
    readTimeoutMs: optionalDuration(body, 'read_timeout') ?? before?.readTimeoutMs ?? 10_000,
    dialTimeoutMs: optionalDuration(body, 'dial_timeout') ?? before?.dialTimeoutMs ?? 10_000,
    nasPort: optionalNumber(body, 'nas_port') ?? before?.nasPort ?? 10,
  };
}

/** The answer to a read of the configuration; the secret stays inside. */
export function shownRadiusConfig(config: RadiusConfig): Fields {
  return {
    dial_timeout: config.dialTimeoutMs / 1000,
    host: config.host,
    nas_identifier: config.nasIdentifier,
    nas_port: config.nasPort,
    port: config.port,
    read_timeout: config.readTimeoutMs / 1000,
    unregistered_user_policies: config.unregisteredUserPolicies.join(','),
    ...shownTokenParams(config.token),
  };
}
