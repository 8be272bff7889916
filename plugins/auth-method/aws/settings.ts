// The settings of the method aws as the schema lets them through, and what its parts work with. Types only.
import type { Clock, EnvAccess, Logger, Secret } from 'claviger/sdk';

/** The block `config` of the method. Empty texts count as not written, but for `region`. */
export interface AwsSettings {
  readonly type?: 'iam' | 'ec2';
  readonly role?: string;
  readonly access_key?: string;
  readonly secret_key?: string | Secret;
  readonly session_token?: string | Secret;
  /** Empty or `auto`: to be found out. */
  readonly region?: string;
  readonly header_value?: string;
  readonly nonce?: string | Secret;
  /** Milliseconds. */
  readonly credential_poll_interval?: number;
  readonly nonce_file?: string;
  readonly ec2_document?: 'signature' | 'pkcs7';
  readonly profile?: string;
  readonly role_arn?: string;
  readonly web_identity_token_file?: string;
  readonly sts_url?: string;
  readonly imds_v1_fallback?: boolean;
}

/** What every part of the method may use. */
export interface Surroundings {
  readonly settings: AwsSettings;
  readonly env: EnvAccess;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A variable that is set to something, else undefined. */
export function variable(env: EnvAccess, ...names: readonly string[]): string | undefined {
  return names.map((name) => env.get(name)).find((value) => value !== undefined && value !== '');
}

/** The text of a setting that may be a `Secret`; empty texts are undefined. */
export function textOf(value: string | Secret | undefined): string | undefined {
  const text = typeof value === 'object' ? value.reveal() : value;
  return text === '' ? undefined : text;
}
