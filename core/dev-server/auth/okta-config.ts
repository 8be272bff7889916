// The configuration of the `okta` method: reading and showing. No login here.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalFlag, optionalText } from '../fields.js';
import type { OktaCaller } from './okta-api.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

/** How Okta is reached. */
export interface OktaConfig {
  readonly orgName: string;
  /** A domain such as `okta.com`, or (ours, for doubles) a whole URL. */
  readonly baseUrl: string;
  readonly apiToken: string;
  readonly bypassMfa: boolean;
  readonly token: TokenParams;
}

/** The configuration after a write; old names count too. Throws 400. */
export function changedOktaConfig(before: OktaConfig | undefined, body: Fields): OktaConfig {
  const orgName = optionalText(body, 'org_name') ?? optionalText(body, 'organization') ?? before?.orgName ?? '';
  if (orgName === '') throw fault(400, 'org_name is missing');
  const config: OktaConfig = {
    orgName,
    baseUrl: optionalText(body, 'base_url') ?? before?.baseUrl ?? 'okta.com',
    apiToken: optionalText(body, 'api_token') ?? optionalText(body, 'token') ?? before?.apiToken ?? '',
    bypassMfa: optionalFlag(body, 'bypass_okta_mfa') ?? before?.bypassMfa ?? false,
    token: readTokenParams(body, before?.token ?? NO_PARAMS),
  };
  if (!URL.canParse(callerOf(config).base)) throw fault(400, `error parsing given base_url: ${config.baseUrl}`);
  return config;
}

/** Where the configuration says Okta is. */
export function callerOf({ orgName, baseUrl, apiToken }: OktaConfig): OktaCaller {
  const base = /^https?:\/\//.test(baseUrl) ? baseUrl.replace(/\/+$/, '') : `https://${orgName}.${baseUrl}`;
  return { base, apiToken };
}

/** The answer to a read of the configuration; the API token stays inside. */
export function shownOktaConfig(config: OktaConfig): Fields {
  return {
    base_url: config.baseUrl,
    bypass_okta_mfa: config.bypassMfa,
    org_name: config.orgName,
    organization: config.orgName,
    ...shownTokenParams(config.token),
  };
}
