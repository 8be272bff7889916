// Calls to the provider and what its answers mean. It must not know how the client proves who it is.
import {
  Secret,
  agentError,
  callService,
  refusalText,
  type AgentError,
  type Clock,
  type ServiceAnswer,
} from 'claviger/sdk';

/** How to reach the provider. */
export interface Reach {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly ca: string | undefined;
}

/** What the client sends besides the grant: its proof. `secrets` must not come back in messages. */
export interface Proof {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
  readonly secrets: readonly Secret[];
}

/**
 * The token endpoint that the discovery document names (OpenID Connect Discovery 4). The document must be of the very issuer that was asked and its endpoint
 * must be https, unless it is on this machine. Throws SERVICE_ errors.
 */
export async function discoverTokenUrl(issuer: string, reach: Reach): Promise<string> {
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  const answer = await callService({ ...reach, url, headers: { Accept: 'application/json' } });
  if (answer.status !== 200) throw bad(answer, refusalText(answer));
  const document = objectIn(answer);
  const named = document['issuer'];
  if (typeof named !== 'string' || bare(named) !== bare(issuer))
    throw bad(answer, 'it is of another issuer than the one of the configuration');
  const endpoint = document['token_endpoint'];
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) throw bad(answer, 'it names no token endpoint');
  if (!mayCarrySecrets(new URL(endpoint))) throw bad(answer, 'its token endpoint is not https');
  return endpoint;
}

/** Which token is wanted and for what. */
export interface Wish {
  readonly use: 'access_token' | 'id_token';
  readonly scope: readonly string[];
  readonly audience: string | undefined;
}

/**
 * Asks for a token. Throws AUTH_CREDENTIAL_INVALID when the provider refuses the client or what it asks for, else SERVICE_ errors.
 */
export async function askForToken(url: string, proof: Proof, wish: Wish, reach: Reach): Promise<Secret> {
  const answer = await callService({
    ...reach,
    url,
    method: 'POST',
    headers: { ...proof.headers, 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(wish.scope.length > 0 && { scope: wish.scope.join(' ') }),
      ...(wish.audience !== undefined && { audience: wish.audience }),
      ...proof.form,
    }).toString(),
  });
  if (answer.status !== 200) throw refused(answer, proof.secrets);
  const token = objectIn(answer)[wish.use];
  if (typeof token === 'string' && token !== '') return new Secret(token);
  throw bad(answer, `it has no ${wish.use}${wish.use === 'id_token' ? '; ask for the scope openid' : ''}`);
}

// 400 and 401 are about the client and its request (RFC 6749 5.2), 403 is how some say the same. The rest passes.
function refused(answer: ServiceAnswer, secrets: readonly Secret[]): AgentError {
  const why = refusalText(answer, secrets);
  if (![400, 401, 403].includes(answer.status)) return bad(answer, why);
  const hint = 'check client_id, its secret or key, scope and audience, and the clock of this machine';
  return agentError('AUTH_CREDENTIAL_INVALID', { what: `the client for ${answer.from}`, why }, { hint });
}

function objectIn(answer: ServiceAnswer): Readonly<Record<string, unknown>> {
  const value = parsed(answer.body.reveal());
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw bad(answer, 'it is no JSON object');
}

// The parser's own error is left out: it quotes the text.
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const bad = ({ from }: ServiceAnswer, why: string): AgentError => agentError('SERVICE_BAD_ANSWER', { url: from, why });

const bare = (url: string): string => url.replace(/\/+$/, '');

const mayCarrySecrets = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname));
