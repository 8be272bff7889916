// A token of an application from Microsoft Entra ID by the client-credentials grant (RFC 6749 4.4). It knows the endpoint, not how the client
// proves itself. (Spec auth-wire 5.3.)
import { agentError, callService, type EnvAccess, type Secret } from 'claviger/sdk';
import { accessTokenOf } from './answers.js';
import { scopeOf, variable, type Scene } from './settings.js';

/** Who asks, and how it proves that. */
export interface Application {
  readonly tenantId: string;
  readonly clientId: string;
  /** The credential, for people. */
  readonly what: string;
  /** Form fields that prove the client: a secret or an assertion. */
  readonly proof: Readonly<Record<string, string>>;
  readonly sent: readonly Secret[];
}

const AUTHORITY = 'https://login.microsoftonline.com/';
// A service of the internet, not of this machine.
const TIMEOUT_MS = 10_000;

/** Form field of RFC 7521 for assertions. */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Token endpoint of a tenant. Throws AUTH_CREDENTIAL_INVALID for an authority that is no https address (loopback may be http). */
export function tokenUrl(env: EnvAccess, tenantId: string): string {
  if (!/^[\w.-]+$/.test(tenantId))
    throw invalid('the tenant id', 'it has other characters than letters, digits, - and .');
  const authority = variable(env, 'AZURE_AUTHORITY_HOST') ?? AUTHORITY;
  const url = URL.canParse(authority) ? new URL(authority) : undefined;
  const isLocal = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal)) {
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}/${tenantId}/oauth2/v2.0/token`;
  }
  throw invalid('AZURE_AUTHORITY_HOST', 'it is not an https address');
}

/** Asks for a token. Throws AUTH_CREDENTIAL_INVALID with what Entra said, or a SERVICE_ code. */
export async function entraToken(scene: Scene, application: Application, signal: AbortSignal): Promise<Secret> {
  const { tenantId, clientId, what, proof, sent } = application;
  const form = { grant_type: 'client_credentials', client_id: clientId, scope: scopeOf(scene.settings), ...proof };
  const answer = await callService({
    url: tokenUrl(scene.env, tenantId),
    clock: scene.clock,
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  const hint =
    'the AADSTS number tells what is wrong: the secret, the certificate, the trusted token, the tenant or the scope';
  return accessTokenOf(answer, { what, hint, sent });
}

const invalid = (what: string, why: string): Error => agentError('AUTH_CREDENTIAL_INVALID', { what, why });
