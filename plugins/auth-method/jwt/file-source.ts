// Tokens from a file or from an environment variable.
import { Secret, agentError, type CredentialFile, type EnvAccess } from 'claviger/sdk';
import type { TokenSource } from './source.js';

/** A file that is remembered when it is gone. */
export function fileSource(file: CredentialFile): TokenSource {
  return {
    name: file.path,
    read: async (attempt) => {
      const jwt = await file.read(attempt);
      return { jwt, outcome: file.outcome };
    },
  };
}

/** An environment variable; one that is empty counts as one that is not there. Throws AUTH_SOURCE_NONE. */
export function variableSource(name: string, env: EnvAccess): TokenSource {
  return {
    name: `environment variable ${name}`,
    read: async () => ({ jwt: filledVariable(name, env, 'JSON web token').value, outcome: 'read' }),
  };
}

/** A variable that must not be empty. Throws AUTH_SOURCE_NONE. */
export function filledVariable(name: string, env: EnvAccess, what: string): { readonly value: Secret } {
  const text = env.get(name)?.trim();
  if (text !== undefined && text !== '') return { value: new Secret(text) };
  const tried = `the environment variable ${name} (${text === undefined ? 'not set' : 'empty'})`;
  throw agentError('AUTH_SOURCE_NONE', { what, tried });
}
