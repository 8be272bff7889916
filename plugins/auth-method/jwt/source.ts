// One place a token may come from, and how several are tried. It must not know files, variables or services.
import {
  AgentError,
  agentError,
  requireJwt,
  type JwtFacts,
  type LoginAttempt,
  type Secret,
  type Tried,
} from 'claviger/sdk';

/** A place. `read` throws an AgentError when there is no token to be had. */
export interface TokenSource {
  /** For messages and the trail. */
  readonly name: string;
  read(attempt: LoginAttempt): Promise<Found>;
}

/** A token, how it was got, and what the lock-out counts by when that is not the token. */
export interface Found {
  readonly jwt: Secret;
  readonly outcome: string;
  readonly credential?: Secret;
}

/** The token of the first place that has one, and what became of those before. */
export interface Choice {
  readonly found: Found;
  readonly facts: JwtFacts;
  readonly source: TokenSource;
  readonly before: readonly Tried[];
}

/**
 * Asks one place after the other. Where there is only one its own error is thrown; otherwise one that says to wait, else AUTH_SOURCE_NONE with what each
 * one came to.
 */
export async function firstToken(sources: readonly TokenSource[], attempt: LoginAttempt): Promise<Choice> {
  const before: Tried[] = [];
  const errors: AgentError[] = [];
  for (const source of sources) {
    try {
      const found = await source.read(attempt);
      return { found, facts: requireJwt(found.jwt, source.name), source, before };
    } catch (error) {
      if (attempt.signal.aborted || !(error instanceof AgentError)) throw error;
      errors.push(error);
      before.push({ source: source.name, outcome: error.message });
    }
  }
  throw verdict(errors, before);
}

function verdict(errors: readonly AgentError[], before: readonly Tried[]): AgentError {
  const [first, ...others] = errors;
  if (first !== undefined && others.length === 0) return first;
  const tried = before.map(({ outcome }, index) => `${String(index + 1)}. ${outcome}`).join('; ');
  const none = agentError('AUTH_SOURCE_NONE', { what: 'JSON web token', tried });
  const passing = errors.find(({ act }) => act === 'wait');
  return passing === undefined ? none : new AgentError(passing.code, passing.act, none.message, { cause: passing });
}
