// Asks the resource manager whether a machine has the identity that the token is for, and where it stands. (Spec auth-wire 5.4.)
import { fault } from '../backend.js';
import { allows } from './azure-claims.js';
import type { NamedMachine } from './azure-claims.js';
import type { AzureConfig } from './azure-config.js';
import type { AzureRole } from './azure-role.js';
import { httpCall } from './http-call.js';
import type { Claims } from './jwt-claims.js';

interface Resource {
  readonly location?: string;
  readonly identity?: {
    readonly principalId?: string;
    readonly userAssignedIdentities?: Readonly<
      Record<string, { readonly principalId?: string; readonly clientId?: string }>
    >;
  };
}

/** Rejects with 400 for another identity or place, with 500 when the resource manager does not help. */
export async function checkResource(
  config: AzureConfig,
  role: AzureRole,
  machine: NamedMachine,
  claims: Claims,
): Promise<void> {
  const resource = await fetched(config, idOf(machine));
  const { principalId, userAssignedIdentities = {} } = resource.identity ?? {};
  const owned = Object.values(userAssignedIdentities).flatMap((one) => [one.principalId, one.clientId]);
  const ids = [principalId, ...owned].filter((id) => id !== undefined);
  const isOwner = [claims['oid'], claims['appid']].some((id) => typeof id === 'string' && ids.includes(id));
  if (!isOwner) throw fault(400, 'the identity of the token is not assigned to this resource');
  if (!allows(role.locations, resource.location ?? ''))
    throw fault(400, `location not authorized: ${resource.location ?? ''}`);
}

function idOf({ subscription, resourceGroup, vm, vmss, resourceId }: NamedMachine): string {
  const compute = `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.Compute`;
  if (vmss !== '') return `${compute}/virtualMachineScaleSets/${vmss}`;
  return vm === '' ? resourceId : `${compute}/virtualMachines/${vm}`;
}

async function fetched(config: AzureConfig, id: string): Promise<Resource> {
  try {
    const url = `${config.resourceManager}${id}?api-version=2023-03-01`;
    const answer = await httpCall({
      method: 'GET',
      url,
      headers: { Authorization: `Bearer ${await ownToken(config)}` },
    });
    if (answer.status !== 200) throw new Error(String(answer.status));
    return JSON.parse(answer.text) as Resource;
  } catch (error) {
    throw fault(500, `unable to retrieve the resource: ${(error as Error).message}`);
  }
}

async function ownToken(config: AzureConfig): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: config.clientId,
    client_secret: config.clientSecret,
    scope: `${config.resourceManager}/.default`,
  });
  const url = `${config.authority}/${encodeURIComponent(config.tenantId)}/oauth2/v2.0/token`;
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const answer = await httpCall({ method: 'POST', url, headers, body: form.toString() });
  if (answer.status !== 200) throw new Error(`no token for the resource manager: ${String(answer.status)}`);
  return (JSON.parse(answer.text) as { readonly access_token: string }).access_token;
}
