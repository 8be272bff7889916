// Credentials that stand in the configuration or in the environment. (Spec auth-wire 4.3 a, b.)
import { agentError, type EnvAccess } from 'claviger/sdk';
import { makeCredentials, type AwsCredentials } from './credentials.js';
import { textOf, variable, type AwsSettings } from './settings.js';
import type { Look, Source } from './source.js';

/** `access_key`, `secret_key` and `session_token` of the configuration. Throws AUTH_CREDENTIAL_INVALID for half a pair. */
export function fromSettings(settings: AwsSettings): Source {
  const name = 'access_key and secret_key';
  return {
    name,
    look: async () => {
      const keyId = textOf(settings.access_key);
      const secret = textOf(settings.secret_key);
      if (keyId === undefined && secret === undefined) return { none: 'not configured' };
      return { credentials: whole({ keyId, secret, token: textOf(settings.session_token) }, name) };
    },
  };
}

/** `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and the older names of the first two. */
export function fromEnvironment(env: EnvAccess): Source {
  return { name: 'environment', look: async () => inEnvironment(env) };
}

function inEnvironment(env: EnvAccess): Look {
  const keyId = variable(env, 'AWS_ACCESS_KEY_ID', 'AWS_ACCESS_KEY');
  const secret = variable(env, 'AWS_SECRET_ACCESS_KEY', 'AWS_SECRET_KEY');
  if (keyId === undefined && secret === undefined) return { none: 'AWS_ACCESS_KEY_ID is not set' };
  // half a pair counts as none, as with the AWS tools
  if (secret === undefined) return { none: 'AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not' };
  if (keyId === undefined) return { none: 'AWS_SECRET_ACCESS_KEY is set, AWS_ACCESS_KEY_ID is not' };
  return {
    credentials: whole(
      { keyId, secret, token: variable(env, 'AWS_SESSION_TOKEN') },
      'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    ),
  };
}

/** The credentials, or AUTH_CREDENTIAL_INVALID. */
export function whole(texts: Parameters<typeof makeCredentials>[0], what: string): AwsCredentials {
  const made = makeCredentials(texts);
  if (typeof made === 'string') throw agentError('AUTH_CREDENTIAL_INVALID', { what, why: made });
  return made;
}
