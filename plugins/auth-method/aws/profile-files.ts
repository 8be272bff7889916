// Finds and reads the two files of AWS profiles and puts them together. Knows nothing of what profiles mean. (Spec auth-wire 4.3 d.)
import { join } from 'node:path';
import { AgentError, agentError, readCredential, type EnvAccess } from 'claviger/sdk';
import { readProfiles, type Profile } from './profile-file.js';
import { variable } from './settings.js';

/** All profiles of both files, and the paths that were looked at. */
export interface ProfileFiles {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly paths: readonly string[];
}

const MOST_BYTES = 1024 * 1024;

/**
 * Reads both files fresh; one that is not there or empty has no profiles. What the credentials file says of a profile counts before what the config
 * file says. Throws AUTH_CREDENTIAL_UNREADABLE and AUTH_CREDENTIAL_INVALID (a line that is no setting; the line is not quoted).
 */
export async function readProfileFiles(env: EnvAccess, signal: AbortSignal): Promise<ProfileFiles> {
  const home = variable(env, 'HOME');
  const paths = [
    variable(env, 'AWS_CONFIG_FILE') ?? below(home, 'config'),
    variable(env, 'AWS_SHARED_CREDENTIALS_FILE') ?? below(home, 'credentials'),
  ].map((path) => (home !== undefined && path?.startsWith('~/') === true ? join(home, path.slice(2)) : path));
  const profiles = new Map<string, Profile>();
  for (const [index, path] of paths.entries()) {
    if (path === undefined) continue;
    for (const [name, profile] of await profilesIn(path, index === 0, signal))
      profiles.set(name, { ...profiles.get(name), ...profile });
  }
  return { profiles, paths: paths.filter((path) => path !== undefined) };
}

function below(home: string | undefined, name: string): string | undefined {
  return home === undefined ? undefined : join(home, '.aws', name);
}

async function profilesIn(path: string, prefixed: boolean, signal: AbortSignal): Promise<ReadonlyMap<string, Profile>> {
  const text = await readOrNothing(path, signal);
  const profiles = readProfiles(text, prefixed);
  if ('line' in profiles) {
    const why = `line ${String(profiles.line)} of ${path} is neither a [section] nor name = value`;
    throw agentError(
      'AUTH_CREDENTIAL_INVALID',
      { what: 'AWS profile file', why },
      { at: `${path}:${String(profiles.line)}` },
    );
  }
  return profiles;
}

async function readOrNothing(path: string, signal: AbortSignal): Promise<string> {
  try {
    return (await readCredential(path, { signal, what: 'AWS profile file', maxBytes: MOST_BYTES })).text.reveal();
  } catch (error) {
    const isAbsent =
      error instanceof AgentError && ['AUTH_CREDENTIAL_MISSING', 'AUTH_CREDENTIAL_EMPTY'].includes(error.code);
    if (isAbsent) return '';
    throw error;
  }
}
