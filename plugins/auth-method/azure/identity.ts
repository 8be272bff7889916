// Which managed identity is meant, and how each kind of endpoint spells that. Pure. (Spec auth-wire 5.3.)
import type { AzureSettings } from './settings.js';

/** A user-assigned identity by one of its three names; undefined means the only or the system-assigned one. */
export type Identity = { readonly by: 'client' | 'object' | 'resource'; readonly id: string } | undefined;

/** The identity that the settings name; `clientId` of the environment counts when they name none. */
export function identityOf(settings: AzureSettings, clientId?: string): Identity {
  const named = [
    ['client', settings.client_id],
    ['object', settings.object_id],
    ['resource', settings.msi_res_id],
    ['client', clientId],
  ] as const;
  for (const [by, id] of named) if (id !== undefined && id !== '') return { by, id };
  return undefined;
}

const IMDS = { client: 'client_id', object: 'object_id', resource: 'msi_res_id' } as const;
const APP_SERVICE = { client: 'client_id', object: 'principal_id', resource: 'mi_res_id' } as const;

/** Query of the instance metadata service or of App Service. */
export function identityQuery(identity: Identity, endpoint: 'imds' | 'app-service'): Record<string, string> {
  if (identity === undefined) return {};
  return { [(endpoint === 'imds' ? IMDS : APP_SERVICE)[identity.by]]: identity.id };
}

/** For people. */
export const shownIdentity = (identity: Identity): string =>
  identity === undefined ? 'the identity of this machine' : `the managed identity ${identity.id}`;
