// The chain of credential sources in the order of the reference. Asks one after another and keeps a record of what each said. (Spec auth-wire 4.3.)
import { AgentError, agentError, type Tried } from 'claviger/sdk';
import { RoleAssumption } from './assumed-role.js';
import { fromContainer } from './container.js';
import { hasExpired, type AwsCredentials } from './credentials.js';
import { fromEnvironment, fromSettings } from './given.js';
import type { Imds } from './imds.js';
import { fromInstance } from './instance.js';
import { ProfileSource } from './profiles.js';
import { variable, type Surroundings } from './settings.js';
import type { Source } from './source.js';
import { fromWebIdentity } from './web-identity.js';

/** Credentials and what was tried for them. */
export interface Found {
  readonly credentials: AwsCredentials;
  readonly trail: readonly Tried[];
}

/** The whole chain. */
export class CredentialChain {
  readonly #around: Surroundings;
  readonly #sources: readonly Source[];
  readonly #role: RoleAssumption;

  constructor(around: Surroundings, imds: Imds) {
    this.#around = around;
    this.#role = new RoleAssumption(around);
    const environment = fromEnvironment(around.env);
    const container = fromContainer(around);
    const instance = fromInstance(imds);
    const named = { Environment: environment, EcsContainer: container, Ec2InstanceMetadata: instance };
    this.#sources = [
      fromSettings(around.settings),
      environment,
      fromWebIdentity(around),
      new ProfileSource(around, named),
      container,
      instance,
    ];
  }

  /**
   * The first credentials there are. Throws AUTH_SOURCE_NONE, or the error of a source that was set up and cannot answer: then no later source is
   * asked, because it would log in as somebody else.
   */
  async find(signal: AbortSignal): Promise<Found> {
    const trail: Tried[] = [];
    for (const source of this.#sources) {
      const found = await placed(source.name, trail, () => source.look(signal));
      if ('none' in found) {
        trail.push({ source: source.name, outcome: found.none });
        continue;
      }
      this.#refuseExpired(found.credentials, source.name);
      trail.push({ source: source.name, outcome: found.outcome ?? 'has credentials' });
      return this.#assumed({ credentials: found.credentials, trail }, signal);
    }
    throw agentError('AUTH_SOURCE_NONE', { what: 'AWS credentials', tried: listed(trail) });
  }

  #refuseExpired(credentials: AwsCredentials, name: string): void {
    if (!hasExpired(credentials, this.#around.clock.now())) return;
    const why = `they expired at ${new Date(credentials.expiresAtMs ?? 0).toISOString()}`;
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: `credentials from ${name}`, why });
  }

  // `role_arn` of our configuration without a token file: what the chain found assumes that role.
  async #assumed(found: Found, signal: AbortSignal): Promise<Found> {
    const { settings, env } = this.#around;
    const roleArn = settings.role_arn;
    if (!roleArn || settings.web_identity_token_file || variable(env, 'AWS_WEB_IDENTITY_TOKEN_FILE')) return found;
    const source = 'role_arn';
    const credentials = await placed(source, found.trail, () =>
      this.#role.credentials({ roleArn }, found.credentials, signal),
    );
    return { credentials, trail: [...found.trail, { source, outcome: `assumed ${roleArn}` }] };
  }
}

// An error says which source failed and what was tried before it.
async function placed<T>(source: string, before: readonly Tried[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const { code, act, at, hint, message } = error;
    const tried = before.length === 0 ? '' : ` (before it: ${listed(before)})`;
    throw new AgentError(code, act, `AWS credentials from ${source}: ${message}${tried}`, { at, hint, cause: error });
  }
}

function listed(trail: readonly Tried[]): string {
  return trail.map(({ source, outcome }) => `${source}: ${outcome}`).join('; ');
}
