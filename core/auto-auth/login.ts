// Carries out one login, lookup or renewal against the server. It must not decide when; that is the machine's.
import type { MethodConfig } from '../contracts/agent-config.js';
import { formatGoDuration } from '../kernel/duration.js';
import {
  agentError,
  type AgentError,
  type AuthMethod,
  type ClientIdentity,
  type LoginPlan,
  type Secret,
  type Vault,
  type VaultAnswer,
} from '../sdk/index.js';
import {
  errorsOf,
  grantOfLiving,
  grantOfLogin,
  grantOfLookup,
  grantOfWrapping,
  mfaOf,
  refusal,
  renewalOf,
  type Grant,
} from './grant.js';
import type { SecondFactor } from './mfa/second-factor.js';
import { textsIn } from './server-words.js';

/** Whom to ask, and for whom. */
export interface LoginParts {
  readonly vault: Vault;
  readonly method: AuthMethod;
  readonly config: MethodConfig;
  /** Answers a second factor; absent without an `mfa` block. */
  readonly factor?: Pick<SecondFactor, 'answer'> | undefined;
}

type CredentialPlan = Extract<LoginPlan, { readonly login: string }>;

/** What a renewal came to. A 403 is no proof of death (corrections, server). */
export type Renewal =
  | { readonly ttlMs: number; readonly renewable: boolean }
  | { readonly denied: AgentError }
  | { readonly failed: AgentError };

function headersOf(plan: CredentialPlan, config: MethodConfig): Record<string, string> {
  const headers: Record<string, string> = {};
  const list = plan.headers ?? [];
  for (let i = 0; i + 1 < list.length; i += 2) headers[list[i] as string] = list[i + 1] as string;
  if (config.wrapTtlMs > 0) headers['X-Vault-Wrap-TTL'] = formatGoDuration(config.wrapTtlMs);
  return headers;
}

// What was sent, but for what the method says may be printed, such as the name of the role.
function unshown({ body, show = [] }: CredentialPlan): string[] {
  return textsIn(Object.fromEntries(Object.entries(body).filter(([name]) => !show.includes(name))));
}

/**
 * Sends a login, and answers its second factor. Throws AUTH_REFUSED, AUTH_BAD_ANSWER, AUTH_MFA_REQUIRED, AUTH_MFA_REFUSED, what the file of the second
 * factor throws, or what the client throws without an answer.
 */
export async function login(parts: LoginParts, plan: CredentialPlan, signal: AbortSignal): Promise<Grant> {
  const { vault, method, config } = parts;
  const answer = await vault.request('PUT', plan.login, {
    body: plan.body,
    headers: headersOf(plan, config),
    namespace: config.namespace,
    tls: plan.tls,
    timeoutMs: plan.timeoutMs,
    signal,
  });
  if (answer.status >= 400) throw refusal(answer, unshown(plan), method.hint?.(answer.status, errorsOf(answer)));
  if (config.wrapTtlMs > 0) return grantOfWrapping(answer);
  const requirement = mfaOf(answer);
  if (requirement === undefined || parts.factor === undefined) return grantOfLogin(answer);
  return grantOfLogin(await parts.factor.answer(requirement, signal));
}

/**
 * Checks a token that the method already holds. A 403 of lookup-self may be a living token without the default policy; the proof that spends
 * no use is `sys/internal/ui/mounts` (corrections, server). Throws AUTH_REFUSED or AUTH_BAD_ANSWER.
 */
export async function lookupSelf(parts: LoginParts, token: Secret, signal: AbortSignal): Promise<Grant> {
  const { vault, method, config } = parts;
  const call = { token, namespace: config.namespace, signal };
  const answer = await vault.request('GET', 'auth/token/lookup-self', call);
  if (answer.status < 400) return grantOfLookup(answer, token);
  const refused = (): AgentError => refusal(answer, [token.reveal()], method.hint?.(answer.status, errorsOf(answer)));
  if (answer.status !== 403) throw refused();
  const proof = await vault.request('GET', 'sys/internal/ui/mounts', call);
  if (proof.status === 200) return grantOfLiving(token);
  throw refused();
}

/**
 * Asks about a token of an earlier run. Undefined when it is dead or not worth keeping: refused, or without a remaining life. Throws when the
 * server could not say (429, 5xx, no connection): AUTH_REFUSED, AUTH_BAD_ANSWER or what the client throws.
 */
export async function lookupOffered(parts: LoginParts, token: Secret, signal: AbortSignal): Promise<Grant | undefined> {
  const call = { token, namespace: parts.config.namespace, signal };
  const answer = await parts.vault.request('GET', 'auth/token/lookup-self', call);
  if (answer.status === 429 || answer.status >= 500) throw refusal(answer, [token.reveal()]);
  if (answer.status >= 400) return undefined;
  const grant = grantOfLookup(answer, token);
  return grant.ttlMs > 0 ? grant : undefined;
}

/** Renews the token with itself. Never throws except when aborted. */
export async function renewSelf(
  parts: { readonly vault: Vault; readonly config: Pick<MethodConfig, 'namespace'> },
  token: Secret,
  options: {
    readonly incrementSeconds: number;
    readonly tls: ClientIdentity | undefined;
    readonly signal: AbortSignal;
  },
): Promise<Renewal> {
  let answer: VaultAnswer;
  try {
    answer = await parts.vault.request('PUT', 'auth/token/renew-self', {
      token,
      body: { increment: options.incrementSeconds },
      namespace: parts.config.namespace,
      tls: options.tls,
      signal: options.signal,
    });
  } catch (error) {
    options.signal.throwIfAborted();
    return { failed: error as AgentError };
  }
  if (answer.status === 403) return { denied: refusal(answer, [token.reveal()]) };
  if (answer.status >= 400) return { failed: refusal(answer, [token.reveal()]) };
  return renewalOf(answer) ?? { failed: agentError('AUTH_BAD_ANSWER', { why: 'the renewal has no auth block' }) };
}
