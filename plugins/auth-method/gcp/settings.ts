// The settings as they reach the plugin, and what every step is given. No decision here.
import type { Clock, EnvAccess, Secret } from 'claviger/sdk';

/** Settings of schema.json. Empty texts count as absent. */
export interface GcpSettings {
  readonly type: 'gce' | 'iam';
  readonly role: string;
  readonly service_account?: string;
  readonly credentials?: string | Secret;
  readonly credentials_file?: string;
  /** Minutes. */
  readonly jwt_exp?: number;
  readonly local_signing?: 'auto' | 'never';
  readonly iam_credentials_endpoint?: string;
}

/** What every step needs. */
export interface Scene {
  readonly settings: GcpSettings;
  readonly env: EnvAccess;
  readonly clock: Clock;
}

/** An environment variable; empty ones count as not set. */
export function variable(env: EnvAccess, name: string): string | undefined {
  const value = env.get(name);
  return value === '' ? undefined : value;
}

/** The account that the settings name; the default `default` names none. (Spec auth-wire 6.3, step 3.) */
export function namedAccount({ service_account: name = '' }: GcpSettings): string | undefined {
  return name === '' || name === 'default' ? undefined : name;
}
