// The chain of credential sources: asks each in order, remembers sessions that are still good, and says what every source answered (auth-wire 7.2).
// Knows nothing of the login.
import { randomUUID } from 'node:crypto';
import { AgentError, agentError, type Clock, type Logger, type Tried } from 'claviger/sdk';
import type { Issued } from './answers.js';
import { assumeRole, assumeRoleWithOidc, type TokenService } from './assume-role.js';
import { instanceCredentials, type MetadataService } from './metadata.js';
import type { AccessKey, Offer, Recipe } from './recipes.js';

/** What the chain came to. */
export interface Found {
  readonly key: AccessKey;
  readonly trail: readonly Tried[];
  /** A plain access key of a user: the server accepts assumed roles only. */
  readonly isUserKey: boolean;
}

/** Services to ask, and what the chain needs of the host. */
export interface ChainParts {
  readonly sts: TokenService;
  readonly metadata: MetadataService;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Kept extends Issued {
  readonly recipe: string;
}

const REFRESH_BEFORE_MS = 3 * 60_000;

/** Runs the chain. */
export class Chain {
  readonly #parts: ChainParts;
  #kept: Kept | undefined;

  constructor(parts: ChainParts) {
    this.#parts = parts;
  }

  /** The first credentials. Throws AUTH_SOURCE_NONE, or the error of a source that was asked for by name and could not answer now (act `wait`). */
  async find(offers: readonly Offer[], signal: AbortSignal): Promise<Found> {
    const tried: Tried[] = [];
    let late: AgentError | undefined;
    for (const { source, recipe, lacks } of offers) {
      if (recipe === undefined) {
        tried.push({ source, outcome: lacks ?? 'not set' });
        continue;
      }
      try {
        const { key, outcome } = await this.#follow(recipe, signal);
        const trail = [...tried, { source, outcome }];
        return { key, trail, isUserKey: recipe.how === 'key' && key.token === undefined };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof AgentError)) throw error;
        tried.push({ source, outcome: error.hint === undefined ? error.message : `${error.message}; ${error.hint}` });
        if (error.act === 'wait' && !isLastResort(recipe)) late = error;
      }
    }
    throw failure(tried, late);
  }

  async #follow(recipe: Recipe, signal: AbortSignal): Promise<{ key: AccessKey; outcome: string }> {
    if (recipe.how === 'key') return { key: recipe.key, outcome: 'read' };
    const name = fingerprint(recipe);
    const kept = this.#kept?.recipe === name ? this.#kept : undefined;
    const leftMs = (kept?.expiresAt ?? 0) - this.#parts.clock.now();
    if (kept !== undefined && recipe.how !== 'instance' && leftMs > REFRESH_BEFORE_MS)
      return { key: kept.key, outcome: 'session is still good' };
    try {
      const issued = this.#unexpired(await this.#issue(recipe, signal));
      this.#kept = { ...issued, recipe: name };
      return { key: issued.key, outcome: recipe.how === 'instance' ? 'answered' : 'role assumed' };
    } catch (error) {
      if (signal.aborted || kept === undefined || leftMs <= 0) throw error;
      const why = error instanceof Error ? error.message : String(error);
      this.#parts.log.warn({ why }, 'credentials could not be refreshed; using those that are still good');
      return { key: kept.key, outcome: `remembered (${why})` };
    }
  }

  #issue(recipe: Exclude<Recipe, { how: 'key' }>, signal: AbortSignal): Promise<Issued> {
    const { sts, metadata, clock } = this.#parts;
    if (recipe.how === 'instance') return instanceCredentials(metadata, recipe.role, signal);
    if (recipe.how === 'oidc') return assumeRoleWithOidc(sts, recipe, signal);
    return assumeRole(sts, recipe, { nowMs: clock.now(), nonce: randomUUID() }, signal);
  }

  #unexpired(issued: Issued): Issued {
    if (issued.expiresAt > this.#parts.clock.now()) return issued;
    const why = `they expired at ${new Date(issued.expiresAt).toISOString()} by the clock of this machine`;
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'the credentials it gave', why });
  }
}

// Nobody at the metadata address means only that this is no instance; unless its role was asked for.
const isLastResort = (recipe: Recipe): boolean => recipe.how === 'instance' && recipe.role === undefined;

function failure(tried: readonly Tried[], late: AgentError | undefined): AgentError {
  const list = tried.map(({ source, outcome }) => `${source} (${outcome})`).join(', ');
  if (late !== undefined)
    return new AgentError(late.code, late.act, late.message, { cause: late, hint: `all that was tried: ${list}` });
  const hint = 'set access keys with a role to assume, or run on an instance that has a RAM role';
  return agentError('AUTH_SOURCE_NONE', { what: 'AliCloud credentials', tried: list }, { hint });
}

function fingerprint(recipe: Exclude<Recipe, { how: 'key' }>): string {
  const { how } = recipe;
  if (how === 'instance') return JSON.stringify([how, recipe.role]);
  const { roleArn, name, seconds } = recipe.session;
  const session = [how, roleArn, name, seconds];
  if (how === 'oidc') return JSON.stringify([...session, recipe.providerArn, recipe.tokenFile]);
  const { id, secret, token } = recipe.key;
  return JSON.stringify([...session, id, secret.reveal(), token?.reveal()]);
}
