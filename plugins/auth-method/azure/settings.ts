// The settings as they reach the plugin, and what each source of a token is given. No decision here.
import type { Clock, EnvAccess, Logger } from 'claviger/sdk';

/** Settings of schema.json. Empty texts count as absent. */
export interface AzureSettings {
  readonly role: string;
  readonly resource: string;
  readonly object_id?: string;
  readonly client_id?: string;
  readonly msi_res_id?: string;
  readonly scope?: string;
  readonly authenticate_from_environment?: boolean;
  readonly tenant_id?: string;
  readonly client_secret_file?: string;
  readonly client_certificate_file?: string;
  readonly federated_token_file?: string;
  readonly subscription_id?: string;
  readonly resource_group_name?: string;
  readonly vm_name?: string;
  readonly vmss_name?: string;
  readonly resource_id?: string;
}

/** What every source needs. */
export interface Scene {
  readonly settings: AzureSettings;
  readonly env: EnvAccess;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Default of the reference: the resource followed by `/.default`. (Spec auth-wire 5.1.) */
export const scopeOf = ({ scope = '', resource }: AzureSettings): string =>
  scope === '' ? `${resource}/.default` : scope;

/** What managed identities call `resource`: the scope without `/.default`. (Spec auth-wire 5.3.) */
export const resourceOf = (settings: AzureSettings): string => scopeOf(settings).replace(/\/\.default$/, '');

/** An environment variable; empty ones count as not set. */
export function variable(env: EnvAccess, name: string): string | undefined {
  const value = env.get(name);
  return value === '' ? undefined : value;
}

/** `A and B are not set`, or undefined when all are set. */
export function unset(env: EnvAccess, names: readonly string[]): string | undefined {
  const missing = names.filter((name) => variable(env, name) === undefined);
  if (missing.length === 0) return undefined;
  return `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set`;
}
