// Unwraps the wrapping token that a sink delivered (spec config 4.4, 3.6): one request, one token back.
import type { VaultConfig } from '../contracts/agent-config.js';
import { openUpstream } from '../boot/upstream.js';
import { Secret, agentError } from '../sdk/index.js';

interface WrapInfo {
  readonly token?: unknown;
}

interface Unwrapped {
  readonly data?: { readonly token?: unknown };
  readonly auth?: { readonly client_token?: unknown };
  readonly errors?: readonly string[];
}

/**
 * The token inside. `content` is the wrap_info JSON of a sink or a bare wrapping token. Throws AUTH_CREDENTIAL_INVALID when the server refuses,
 * for example because it was unwrapped before.
 */
export async function unwrapToken(content: string, vault: VaultConfig): Promise<string> {
  const client = openUpstream(vault);
  try {
    const token = new Secret(wrappingToken(content.trim()));
    const { status, body } = await client.vault.request('PUT', 'sys/wrapping/unwrap', { token });
    const answer = (body ?? {}) as Unwrapped;
    const inner = answer.data?.token ?? answer.auth?.client_token;
    if (typeof inner === 'string') return inner;
    throw agentError(
      'AUTH_CREDENTIAL_INVALID',
      { what: 'the wrapping token', why: answer.errors?.join('; ') ?? `the server answered ${status} without a token` },
      { hint: 'a wrapping token works once; if you did not use it, somebody else did' },
    );
  } finally {
    await client.close();
  }
}

function wrappingToken(content: string): string {
  if (!content.startsWith('{')) return content;
  const token = tokenIn(content);
  if (typeof token === 'string') return token;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what: 'the sink file', why: 'it holds no wrapping token' });
}

// The parser's own message would show a piece of the text.
function tokenIn(content: string): unknown {
  try {
    return (JSON.parse(content) as WrapInfo).token;
  } catch {
    return undefined;
  }
}
