// What the login says about the machine: names of the settings, of App Service, or of the instance metadata service. The server needs them only where
// the role is bound to subscriptions, groups, locations or scale sets. (Spec auth-wire 5.2, 5.4.)
import { AgentError, type EnvAccess, type Tried } from 'claviger/sdk';
import { instanceNames } from './instance-metadata.js';
import { variable, type Scene } from './settings.js';

/** Members of the login body; absent ones are not sent. */
export interface MachineNames {
  readonly subscription_id?: string;
  readonly resource_group_name?: string;
  readonly vm_name?: string;
  readonly vmss_name?: string;
  readonly resource_id?: string;
}

const KEYS = ['subscription_id', 'resource_group_name', 'vm_name', 'vmss_name', 'resource_id'] as const;
const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * The names. `mustKnow`: the token came from the instance metadata service, so its silence is trouble and not the lack of it; then a SERVICE_ code is
 * thrown. Settings win member by member.
 */
export async function machineNames(
  scene: Scene,
  signal: AbortSignal,
  mustKnow: boolean,
): Promise<{ readonly names: MachineNames; readonly tried: Tried }> {
  const given = filled(scene.settings);
  if (isEnough(given)) return { names: given, tried: { source: 'names of the machine', outcome: 'from the settings' } };
  const app = appServiceNames(scene.env);
  if (app !== undefined) {
    return {
      names: { ...app, ...given },
      tried: { source: 'names of the machine', outcome: 'from the WEBSITE variables' },
    };
  }
  const source = 'names of the machine (instance metadata)';
  try {
    const found = filled(await instanceNames(scene, signal));
    return { names: { ...found, ...given }, tried: { source, outcome: 'read' } };
  } catch (error) {
    signal.throwIfAborted();
    if (mustKnow || !(error instanceof AgentError)) throw error;
    scene.log.debug({ why: error.message }, 'the login is sent without names of the machine');
    return { names: given, tried: { source, outcome: `left out: ${error.message}` } };
  }
}

// A machine is named when the server could look it up.
function isEnough({ subscription_id, resource_group_name, ...one }: MachineNames): boolean {
  return (
    one.resource_id !== undefined ||
    (subscription_id !== undefined && resource_group_name !== undefined && Object.keys(one).length > 0)
  );
}

function filled(values: Partial<Record<(typeof KEYS)[number], string>>): MachineNames {
  const pairs = KEYS.map((key) => [key, values[key]] as const);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined && value !== ''));
}

// On App Service nobody answers at the metadata address. The owner's name begins with the subscription.
function appServiceNames(env: EnvAccess): MachineNames | undefined {
  const endpoint = variable(env, 'IDENTITY_ENDPOINT');
  if (endpoint === undefined || variable(env, 'IDENTITY_HEADER') === undefined) return undefined;
  const subscription = variable(env, 'WEBSITE_OWNER_NAME')?.split('+')[0] ?? '';
  const group = variable(env, 'WEBSITE_RESOURCE_GROUP');
  return {
    ...(GUID.test(subscription) && { subscription_id: subscription }),
    ...(group !== undefined && { resource_group_name: group }),
  };
}
