// Makes one child token with its parent. It must not know for whom, nor what happens when it fails.
import type { ChildTokenConfig } from '../../contracts/agent-config.js';
import { agentError, AgentError, type Secret, type Vault, type VaultAnswer } from '../../sdk/index.js';
import { errorsOf, grantOfLogin, type Grant } from '../grant.js';
import { serverWords } from '../server-words.js';
import { childBody, childPath, mayRenew } from './child-request.js';

/** Whom to ask. */
export interface MintParts {
  readonly vault: Vault;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** A child and what it may do besides its own policies; or why there is none. */
export type Minted =
  | { readonly grant: Grant; readonly identityPolicies: readonly string[] }
  | { readonly error: AgentError; readonly status: number };

const TIMEOUT_MS = 20_000;

/** Asks for a child. An answer of 400 and above is SINK_CHILD_REFUSED, or SINK_CHILD_FAILED when waiting helps. Throws what the client throws without an answer. */
export async function mintChild(parts: MintParts, parent: Secret, config: ChildTokenConfig): Promise<Minted> {
  const { vault, namespace, signal } = parts;
  const body = childBody(config);
  const call = { token: parent, namespace, signal, body, timeoutMs: TIMEOUT_MS };
  const answer = await vault.request('PUT', childPath(config), call);
  return answer.status >= 400 ? refused(answer, parent) : readChild(answer, config);
}

function refused(answer: VaultAnswer, parent: Secret): Minted {
  const { status } = answer;
  const why = `the server answered ${String(status)} ${serverWords(errorsOf(answer), [parent.reveal()])}`.trimEnd();
  const code = status === 429 || status >= 500 ? 'SINK_CHILD_FAILED' : 'SINK_CHILD_REFUSED';
  const hint = status === 403 ? 'the token of the identity needs the capability update on this path' : undefined;
  return { error: agentError(code, { why }, { hint }), status };
}

/** The child in an answer. An answer without a token is SINK_CHILD_FAILED. Pure. */
export function readChild(answer: VaultAnswer, config: ChildTokenConfig): Minted {
  try {
    const grant = grantOfLogin(answer);
    // a role may limit the uses too
    const renewable = grant.renewable && grant.numUses === undefined && mayRenew(config);
    return { grant: { ...grant, renewable }, identityPolicies: wide(answer) };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const why = `the answer of the server is not usable: ${error.message}`;
    return { error: agentError('SINK_CHILD_FAILED', { why }), status: answer.status };
  }
}

function wide({ body }: VaultAnswer): readonly string[] {
  const list = (body as { auth: { identity_policies?: unknown } }).auth.identity_policies;
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [];
}
