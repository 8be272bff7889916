// Configuration of the `aws` method's client: reading and showing. Recorded from Vault 1.21.
import type { Fields } from '../backend.js';
import { optionalFlag, optionalList, optionalNumber, optionalText } from '../fields.js';

/** What `config/client` holds. The keys of the server itself are kept and never used: this server asks without a signature. */
export interface AwsClientConfig {
  readonly accessKey: string;
  readonly endpoint: string;
  readonly iamEndpoint: string;
  readonly stsEndpoint: string;
  readonly stsRegion: string;
  readonly useStsRegionFromClient: boolean;
  readonly iamServerIdHeaderValue: string;
  readonly allowedStsHeaderValues: readonly string[];
  readonly maxRetries: number;
}

/** A configuration before its first write. */
export const FRESH_CLIENT_CONFIG: AwsClientConfig = {
  accessKey: '',
  endpoint: '',
  iamEndpoint: '',
  stsEndpoint: '',
  stsRegion: '',
  useStsRegionFromClient: false,
  iamServerIdHeaderValue: '',
  allowedStsHeaderValues: [],
  maxRetries: -1,
};

/** The configuration after a write: what the body names, the rest as before. */
export function changedClientConfig(before: AwsClientConfig, body: Fields): AwsClientConfig {
  return {
    accessKey: optionalText(body, 'access_key') ?? before.accessKey,
    endpoint: optionalText(body, 'endpoint') ?? before.endpoint,
    iamEndpoint: optionalText(body, 'iam_endpoint') ?? before.iamEndpoint,
    stsEndpoint: optionalText(body, 'sts_endpoint') ?? before.stsEndpoint,
    stsRegion: optionalText(body, 'sts_region') ?? before.stsRegion,
    useStsRegionFromClient: optionalFlag(body, 'use_sts_region_from_client') ?? before.useStsRegionFromClient,
    iamServerIdHeaderValue: optionalText(body, 'iam_server_id_header_value') ?? before.iamServerIdHeaderValue,
    allowedStsHeaderValues: optionalList(body, 'allowed_sts_header_values') ?? before.allowedStsHeaderValues,
    maxRetries: optionalNumber(body, 'max_retries') ?? before.maxRetries,
  };
}

/** The answer to a read. */
export function shownClientConfig(config: AwsClientConfig): Fields {
  return {
    access_key: config.accessKey,
    allowed_sts_header_values:
      config.allowedStsHeaderValues.length === 0 ? null : config.allowedStsHeaderValues.map(canonicalName),
    disable_automated_rotation: false,
    endpoint: config.endpoint,
    iam_endpoint: config.iamEndpoint,
    iam_server_id_header_value: config.iamServerIdHeaderValue,
    identity_token_audience: '',
    identity_token_ttl: 0,
    max_retries: config.maxRetries,
    role_arn: '',
    rotation_period: 0,
    rotation_schedule: '',
    rotation_window: 0,
    sts_endpoint: config.stsEndpoint,
    sts_region: config.stsRegion,
    use_sts_region_from_client: config.useStsRegionFromClient,
  };
}

/** A header name as the server writes it: `X-Amz-Date`. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
