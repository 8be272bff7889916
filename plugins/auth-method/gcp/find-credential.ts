// Where a Google credential is looked for, in the order of the reference and then of Google's own libraries. (Spec auth-wire 6.3, step 1.)
import { posix, win32 } from 'node:path';
import { AgentError, readCredential, Secret, type EnvAccess, type Tried } from 'claviger/sdk';
import type { GoogleCredential } from './google-credential.js';
import { METADATA_SERVER } from './metadata.js';
import { parseCredential } from './parse-credential.js';
import { variable, type Scene } from './settings.js';

/** A credential, its text (for telling one from another) and the way to it. */
export interface Found {
  readonly credential: GoogleCredential;
  readonly text: Secret;
  readonly source: string;
  readonly skipped: readonly Tried[];
  /** The file that somebody named; its change means a better credential. */
  readonly file: string | undefined;
}

interface Place {
  readonly name: string;
  /** Trouble there ends the search: somebody meant exactly this one. */
  readonly isMeant: boolean;
  readonly file?: string;
  /** The text, or why there is none. */
  read(signal: AbortSignal): Promise<Secret | string>;
}

/**
 * The first credential; the machine's own account when there is no other. Broken texts in places that nobody named are passed over with the reason, as
 * with the reference, which does not give one. Throws AUTH_CREDENTIAL_ codes for what the settings or GOOGLE_APPLICATION_CREDENTIALS name.
 */
export async function findCredential({ settings, env }: Scene, signal: AbortSignal): Promise<Found> {
  const skipped: Tried[] = [];
  for (const place of placesOf(settings, env)) {
    const outcome = await tried(place, signal);
    if (typeof outcome !== 'string')
      return { ...outcome, source: place.name, skipped, file: place.isMeant ? place.file : undefined };
    skipped.push({ source: place.name, outcome });
  }
  return {
    credential: { kind: 'metadata' },
    text: new Secret('metadata'),
    source: METADATA_SERVER,
    skipped,
    file: undefined,
  };
}

async function tried(place: Place, signal: AbortSignal): Promise<string | Pick<Found, 'credential' | 'text'>> {
  try {
    const text = await place.read(signal);
    return typeof text === 'string' ? text : { text, credential: parseCredential(text, place.name) };
  } catch (error) {
    signal.throwIfAborted();
    if (place.isMeant || !(error instanceof AgentError)) throw error;
    return error.code === 'AUTH_CREDENTIAL_MISSING' ? 'there is no such file' : error.message;
  }
}

function placesOf(settings: Scene['settings'], env: EnvAccess): readonly Place[] {
  const { credentials = '', credentials_file: file } = settings;
  if (file !== undefined) return [fileAt('credentials_file', file, true)];
  if (credentials !== '') {
    const text = typeof credentials === 'string' ? new Secret(credentials) : credentials;
    return [{ name: 'credentials', isMeant: true, read: async () => text }];
  }
  const named = variable(env, 'GOOGLE_APPLICATION_CREDENTIALS');
  return [
    textIn(env, 'GOOGLE_CREDENTIALS'),
    textIn(env, 'GOOGLE_CLOUD_KEYFILE_JSON'),
    atHome('~/.gcp/credentials', below(variable(env, 'HOME'), '.gcp', 'credentials')),
    named === undefined
      ? absent('GOOGLE_APPLICATION_CREDENTIALS', 'it is not set')
      : fileAt('GOOGLE_APPLICATION_CREDENTIALS', named, true),
    atHome('application default credentials of gcloud', gcloudFile(env)),
  ];
}

const absent = (name: string, why: string): Place => ({ name, isMeant: false, read: async () => why });

const textIn = (env: EnvAccess, name: string): Place => ({
  name,
  isMeant: false,
  read: async () => (variable(env, name) === undefined ? 'it is not set' : new Secret(variable(env, name) ?? '')),
});

const fileAt = (name: string, path: string, isMeant: boolean): Place => ({
  name: `${name} (${path})`,
  isMeant,
  file: path,
  read: async (signal) => (await readCredential(path, { what: name, signal })).text,
});

const atHome = (name: string, path: string | undefined): Place =>
  path === undefined ? absent(name, 'HOME is not set') : fileAt(name, path, false);

/** File of `gcloud auth application-default login`; undefined where no home is known. */
export function gcloudFile(env: EnvAccess, platform: string = process.platform): string | undefined {
  const file = 'application_default_credentials.json';
  const paths = platform === 'win32' ? win32 : posix;
  const folder = variable(env, 'CLOUDSDK_CONFIG');
  if (folder !== undefined) return paths.join(folder, file);
  const appData = variable(env, 'APPDATA');
  if (platform === 'win32') return appData === undefined ? undefined : paths.join(appData, 'gcloud', file);
  return below(variable(env, 'HOME'), '.config', 'gcloud', file);
}

const below = (folder: string | undefined, ...parts: string[]): string | undefined =>
  folder === undefined ? undefined : posix.join(folder, ...parts);
