// Which region signs. (Spec auth-wire 4.1, 4.3 end.)
import { AgentError, type Tried } from 'claviger/sdk';
import { parsedObject, textIn } from './credentials.js';
import type { Imds } from './imds.js';
import { readProfileFiles } from './profile-files.js';
import { variable, type Surroundings } from './settings.js';
import { checkedRegion } from './sts-endpoint.js';

const DEFAULT = 'us-east-1';
const DOCUMENT = '/latest/dynamic/instance-identity/document';

/** A region, and where it was found unless it was written. */
export interface RegionFound {
  readonly region: string;
  readonly trail: readonly Tried[];
}

/**
 * The region of the configuration; absent: `us-east-1`. Empty or `auto`: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile, the instance, else
 * `us-east-1` with a warning. Throws AUTH_CREDENTIAL_INVALID for what is no region.
 */
export async function findRegion(around: Surroundings, imds: Imds, signal: AbortSignal): Promise<RegionFound> {
  const { region = DEFAULT } = around.settings;
  if (region !== '' && region !== 'auto') return { region: checkedRegion(region, 'region'), trail: [] };
  const named = variable(around.env, 'AWS_REGION', 'AWS_DEFAULT_REGION');
  if (named !== undefined) return found(named, 'AWS_REGION');
  const ofProfile = await profileRegion(around, signal);
  if (ofProfile !== undefined) return found(ofProfile, 'the AWS profile');
  const ofInstance = await instanceRegion(imds, signal);
  if (ofInstance !== undefined) return found(ofInstance, 'the EC2 instance');
  around.log.warn({ region: DEFAULT }, 'the AWS region was not found; signing for the default one');
  return { region: DEFAULT, trail: [{ source: 'region', outcome: `not found, ${DEFAULT} is used` }] };
}

function found(region: string, where: string): RegionFound {
  return { region: checkedRegion(region, where), trail: [{ source: 'region', outcome: `${region} from ${where}` }] };
}

async function profileRegion({ settings, env }: Surroundings, signal: AbortSignal): Promise<string | undefined> {
  const { profiles } = await readProfileFiles(env, signal);
  return profiles.get(settings.profile || (variable(env, 'AWS_PROFILE') ?? 'default'))?.['region'] || undefined;
}

// A machine that is no instance is no error here.
async function instanceRegion(imds: Imds, signal: AbortSignal): Promise<string | undefined> {
  if (imds.off !== undefined) return undefined;
  try {
    const answer = await imds.get(DOCUMENT, signal);
    const document = parsedObject(answer.body);
    return document === undefined ? undefined : textIn(document, 'region');
  } catch (error) {
    if (error instanceof AgentError && error.code.startsWith('SERVICE_')) return undefined;
    throw error;
  }
}
