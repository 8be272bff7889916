// A token for an audience from the Kubernetes API (authentication.k8s.io/v1 TokenRequest), asked for with the token of the pod. It must not know logins.
import {
  Secret,
  agentError,
  callService,
  jwtFacts,
  refusalText,
  type AgentError,
  type Clock,
  type ServiceAnswer,
} from 'claviger/sdk';

/** Where and for whom to ask. */
export interface TokenOrder {
  /** Such as `https://10.0.0.1:443`. */
  readonly server: string;
  readonly ca: string;
  readonly bearer: Secret;
  readonly account: Account;
  readonly audiences: readonly string[];
  readonly lifetimeMs: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A service account. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The account: what is given, the rest from the subject of the pod's token (`system:serviceaccount:<namespace>:<name>`). Throws AUTH_CREDENTIAL_INVALID
 * when neither tells.
 */
export function accountOf(given: Partial<Account>, bearer: Secret, path: string): Account {
  const [, own, name] =
    /^system:serviceaccount:([a-z0-9.-]+):([a-z0-9.-]+)$/.exec(jwtFacts(bearer)?.subject ?? '') ?? [];
  const account = { namespace: given.namespace ?? own, name: given.name ?? name };
  if (account.namespace !== undefined && account.name !== undefined) return account as Account;
  const hint = 'set service_account and service_account_namespace';
  const why = `${path} does not say whose token it is`;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'token_path', why }, { at: path, hint });
}

/**
 * The address that Kubernetes puts into the environment of a pod. Throws AUTH_SOURCE_NONE outside of one.
 */
export function serverInPod(host: string | undefined, port: string | undefined): string {
  if (host !== undefined && host !== '') return `https://${host.includes(':') ? `[${host}]` : host}:${port || '443'}`;
  const tried = 'the setting api_server (not set), the environment variable KUBERNETES_SERVICE_HOST (not set)';
  throw agentError('AUTH_SOURCE_NONE', { what: 'address of the Kubernetes API', tried });
}

/** Throws AUTH_CREDENTIAL_INVALID when the API refuses, else SERVICE_ errors. */
export async function requestToken(order: TokenOrder): Promise<Secret> {
  const { server, account, bearer, audiences, lifetimeMs, ca, clock, signal, timeoutMs } = order;
  const spec = { audiences, expirationSeconds: Math.round(lifetimeMs / 1000) };
  const answer = await callService({
    url: `${server.replace(/\/+$/, '')}/api/v1/namespaces/${account.namespace}/serviceaccounts/${account.name}/token`,
    method: 'POST',
    headers: {
      Authorization: `Bearer ${bearer.reveal()}`,
      'Content-Type': 'application/json',
      Accept: 'application/json',
    },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }),
    ...{ ca, clock, signal, timeoutMs },
  });
  if (answer.status >= 300) throw refused(answer, order);
  const token = tokenIn(answer.body.reveal());
  if (token !== undefined) return token;
  throw agentError('SERVICE_BAD_ANSWER', { url: answer.from, why: 'it is no TokenRequest with a token' });
}

// 401: the bearer. 403, 404, 422: what was asked for. The rest passes.
function refused(answer: ServiceAnswer, { bearer, account }: TokenOrder): AgentError {
  const why = refusalText(answer, [bearer]);
  const hints: Readonly<Record<number, string>> = {
    401: 'the token of the pod has expired or is of another cluster',
    403: `allow "create" on "serviceaccounts/token" named "${account.name}" in namespace "${account.namespace}" to the account of this pod`,
    404: `is there a service account "${account.name}" in namespace "${account.namespace}"?`,
    422: 'check audience and token_lifetime',
  };
  const hint = hints[answer.status];
  if (hint === undefined) return agentError('SERVICE_BAD_ANSWER', { url: answer.from, why });
  return agentError('AUTH_CREDENTIAL_INVALID', { what: `the request to ${answer.from}`, why }, { hint });
}

function tokenIn(text: string): Secret | undefined {
  try {
    const token = (JSON.parse(text) as { status?: { token?: unknown } } | null)?.status?.token;
    return typeof token === 'string' && token !== '' ? new Secret(token) : undefined;
  } catch {
    return undefined;
  }
}
