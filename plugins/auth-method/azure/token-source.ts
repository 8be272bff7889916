// The contract of one source of access tokens, and asking a list of them in order. A source that cannot be used is passed over with its reason;
// one that can be used and fails ends the search, as in the vendor's default chain (spec auth-wire 5.3).
import { AgentError, agentError, type Secret, type Tried } from 'claviger/sdk';

/** A token and what it was got with. */
export interface AccessToken {
  readonly jwt: Secret;
  /** What the server judges in the end: stays the same as long as the credential does. */
  readonly credential: Secret;
  /** True when the instance metadata service gave it, which then must know the machine too. */
  readonly isFromInstance: boolean;
  /** The file whose change means a better credential, and what was read from it. */
  readonly file?: { readonly path: string; readonly content: Secret } | undefined;
}

/** One source. */
export interface TokenSource {
  /** For people. */
  readonly name: string;
  /** Why this source cannot be used, without asking anybody. */
  readonly unavailable: string | undefined;
  /** Throws what its calls throw; a rejected credential is an AUTH_ code with act `fix-credential`. */
  fetch(signal: AbortSignal): Promise<AccessToken>;
}

/** Asks the first source that can be used. Throws what that throws, or AUTH_SOURCE_NONE. */
export async function firstToken(
  sources: readonly TokenSource[],
  signal: AbortSignal,
): Promise<{ readonly token: AccessToken; readonly trail: readonly Tried[] }> {
  const skipped: Tried[] = [];
  for (const source of sources) {
    if (source.unavailable !== undefined) {
      skipped.push({ source: source.name, outcome: source.unavailable });
      continue;
    }
    try {
      const token = await source.fetch(signal);
      return { token, trail: [...skipped, { source: source.name, outcome: 'gave a token' }] };
    } catch (error) {
      signal.throwIfAborted();
      throw explained(error, source.name, skipped);
    }
  }
  throw agentError('AUTH_SOURCE_NONE', { what: 'Azure credential', tried: listed(skipped) });
}

const ELSEWHERE =
  'if this is no virtual machine: App Service, Container Apps, Arc and AKS need authenticate_from_environment = true';

// The same error, which also names its source and those that were passed over. A chain that ends at nobody's door has no credential at all.
function explained(error: unknown, source: string, skipped: readonly Tried[]): unknown {
  if (!(error instanceof AgentError)) return error;
  const isAbsent = error.code === 'SERVICE_UNREACHABLE' || error.code === 'SERVICE_TIMEOUT';
  if (isAbsent && skipped.length > 0 && source.startsWith('managed identity')) {
    const tried = listed([...skipped, { source, outcome: error.message }]);
    return agentError('AUTH_SOURCE_NONE', { what: 'Azure credential', tried }, { cause: error });
  }
  const { code, act, message, at, hint, cause } = error;
  const before = skipped.length === 0 ? undefined : `passed over: ${listed(skipped)}`;
  const hints = [isAbsent && source.startsWith('managed identity') ? ELSEWHERE : hint, before]
    .filter((text) => text !== undefined)
    .join('; ');
  return new AgentError(code, act, `${source}: ${message}`, { at, cause, hint: hints === '' ? undefined : hints });
}

const listed = (tried: readonly Tried[]): string =>
  tried.map(({ source, outcome }) => `${source} (${outcome})`).join(', ');
