// Credentials of an AWS profile: keys, a program, a role with a token file, a role assumed by another profile. (Spec auth-wire 4.3 d.)
import { Secret, agentError, type AgentError } from 'claviger/sdk';
import { RoleAssumption } from './assumed-role.js';
import { runCredentialProcess } from './credential-process.js';
import type { AwsCredentials } from './credentials.js';
import { whole } from './given.js';
import { Kept } from './kept.js';
import type { Profile } from './profile-file.js';
import { readProfileFiles } from './profile-files.js';
import { variable, type Surroundings } from './settings.js';
import type { Look, Source } from './source.js';
import { WebIdentityExchange } from './web-identity.js';

/** Sources that a profile may name as `credential_source`. */
export type NamedSources = Readonly<Record<string, Source>>;

interface Search {
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly signal: AbortSignal;
  /** Profiles on the way here, so that a circle ends. */
  readonly way: readonly string[];
}

/** The profile `profile` of the configuration, else `AWS_PROFILE`, else `default`. */
export class ProfileSource implements Source {
  readonly name = 'profile';
  readonly #around: Surroundings;
  readonly #sources: NamedSources;
  readonly #makers = new Map<string, { web: WebIdentityExchange; role: RoleAssumption; process: Kept }>();

  constructor(around: Surroundings, sources: NamedSources) {
    this.#around = around;
    this.#sources = sources;
  }

  /** Throws AUTH_CREDENTIAL_* for profiles that are not usable, SERVICE_* for STS. */
  async look(signal: AbortSignal): Promise<Look> {
    const { settings, env } = this.#around;
    const wanted = settings.profile || variable(env, 'AWS_PROFILE');
    const name = wanted ?? 'default';
    const { profiles, paths } = await readProfileFiles(env, signal);
    const places = paths.length === 0 ? 'no file, because HOME is not set' : paths.join(' and ');
    if (!profiles.has(name)) {
      if (wanted !== undefined) throw broken(name, `it is not in ${places}`);
      return { none: `no profile "default" in ${places}` };
    }
    const credentials = await this.#resolve(name, { profiles, signal, way: [] });
    if (credentials !== undefined) return { credentials, outcome: `profile "${name}" of ${places}` };
    if (wanted !== undefined) throw broken(name, `it names no credentials in ${places}`);
    return { none: `the profile "default" of ${places} names no credentials` };
  }

  async #resolve(name: string, search: Search): Promise<AwsCredentials | undefined> {
    const profile = search.profiles.get(name);
    if (profile === undefined) throw broken(name, 'it does not exist, though another profile names it');
    const isOwnSource = search.way.at(-1) === name;
    if (search.way.includes(name) && !isOwnSource)
      throw broken(name, `it depends on itself: ${[...search.way, name].join(' -> ')}`);
    const next = { ...search, way: [...search.way, name] };
    if (profile['role_arn'] && !isOwnSource) return this.#role(name, profile, next);
    if (profile['aws_access_key_id'] || profile['aws_secret_access_key']) return keysOf(name, profile);
    const line = profile['credential_process'];
    if (line)
      return this.#makersOf(name).process.get(new Secret(line), () =>
        runCredentialProcess(line, this.#around, search.signal),
      );
    const foreign = Object.keys(profile).find((key) => key.startsWith('sso_') || key === 'login_session');
    if (foreign === undefined) return undefined;
    throw broken(
      name,
      `it uses ${foreign}, for which a person must log in; credential_process may name a program that gives credentials`,
    );
  }

  async #role(name: string, profile: Profile, search: Search): Promise<AwsCredentials> {
    const { signal } = search;
    const role = {
      roleArn: profile['role_arn'] ?? '',
      region: profile['region'] || undefined,
      sessionName: profile['role_session_name'] || undefined,
      externalId: profile['external_id'] || undefined,
    };
    if (profile['mfa_serial']) throw broken(name, 'it wants a second factor, which nobody can type here');
    const tokenFile = profile['web_identity_token_file'];
    if (tokenFile) return this.#makersOf(name).web.credentials({ ...role, tokenFile }, signal);
    return this.#makersOf(name).role.credentials(role, await this.#signer(name, profile, search), signal);
  }

  async #signer(name: string, profile: Profile, search: Search): Promise<AwsCredentials> {
    const other = profile['source_profile'];
    if (other) {
      const found = await this.#resolve(other, search);
      if (found !== undefined) return found;
      throw broken(name, `its source_profile "${other}" names no credentials`);
    }
    const wanted = profile['credential_source'] ?? '';
    const source = Object.hasOwn(this.#sources, wanted) ? this.#sources[wanted] : undefined;
    const known = Object.keys(this.#sources).join(', ');
    if (source === undefined)
      throw broken(name, `role_arn needs source_profile, web_identity_token_file or credential_source (${known})`);
    const found = await source.look(search.signal);
    if ('credentials' in found) return found.credentials;
    throw broken(name, `its credential_source ${wanted} has none: ${found.none}`);
  }

  #makersOf(name: string): { web: WebIdentityExchange; role: RoleAssumption; process: Kept } {
    const around = this.#around;
    const makers = this.#makers.get(name) ?? {
      web: new WebIdentityExchange(around),
      role: new RoleAssumption(around),
      process: new Kept(around.clock),
    };
    this.#makers.set(name, makers);
    return makers;
  }
}

function keysOf(name: string, profile: Profile): AwsCredentials {
  const { aws_access_key_id: keyId, aws_secret_access_key: secret, aws_session_token: token } = profile;
  return whole({ keyId, secret, token }, `profile "${name}"`);
}

function broken(name: string, why: string): AgentError {
  return agentError('AUTH_CREDENTIAL_INVALID', { what: `profile "${name}"`, why });
}
