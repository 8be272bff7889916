// An endpoint that the environment names, with our query added, and secrets that go into headers. Pure.
import { agentError, type Secret } from 'claviger/sdk';

/** Throws AUTH_CREDENTIAL_INVALID for what is no http address. */
export function endpointUrl(name: string, endpoint: string, query: Readonly<Record<string, string>>): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw agentError('AUTH_CREDENTIAL_INVALID', { what: name, why: 'it is not an http address' });
  }
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  return url;
}

/** The text of a secret that becomes a header value. Throws AUTH_CREDENTIAL_INVALID for one with line breaks or other than ASCII. */
export function headerText(name: string, secret: Secret): string {
  const text = secret.reveal();
  if (/^[\x20-\x7e]+$/.test(text)) return text;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: name, why: 'it has characters that no header may have' });
}
