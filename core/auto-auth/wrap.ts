// Response wrapping of a token on its way to a sink (spec config 3.6, 4.4). It must not know about sinks.
import { formatGoDuration } from '../kernel/duration.js';
import { agentError, Secret, type Vault } from '../sdk/index.js';
import { serverWords } from './server-words.js';

/** The wrap_info JSON as the reference writes it: these keys, this order, then a newline. */
export function wrapInfoText(info: Readonly<Record<string, unknown>>): string {
  const { token, accessor, ttl, creation_time, creation_path, wrapped_accessor } = info;
  const ordered = {
    token,
    accessor: accessor ?? '',
    ttl: ttl ?? 0,
    creation_time: creation_time ?? '',
    creation_path: creation_path ?? '',
    wrapped_accessor: wrapped_accessor ?? '',
  };
  return `${JSON.stringify(ordered)}\n`;
}

/** Wraps `token`; `wrapper` is the token that asks for it, mostly the same. Throws SINK_WRAP_FAILED, or what the client throws when there is no answer. */
export async function wrapToken(
  vault: Vault,
  token: Secret,
  options: {
    readonly wrapper: Secret;
    readonly ttlMs: number;
    readonly namespace: string;
    readonly signal: AbortSignal;
  },
): Promise<Secret> {
  const answer = await vault.request('PUT', 'sys/wrapping/wrap', {
    token: options.wrapper,
    body: { token: token.reveal() },
    headers: { 'X-Vault-Wrap-TTL': formatGoDuration(options.ttlMs) },
    namespace: options.namespace,
    signal: options.signal,
  });
  const body = answer.body as { errors?: string[]; wrap_info?: Record<string, unknown> } | undefined;
  if (answer.status >= 400) {
    const words = serverWords(Array.isArray(body?.errors) ? body.errors : [], [
      token.reveal(),
      options.wrapper.reveal(),
    ]);
    throw agentError('SINK_WRAP_FAILED', { why: `the server answered ${answer.status} ${words}`.trimEnd() });
  }
  const info = body?.wrap_info;
  if (typeof info !== 'object' || info === null || typeof info.token !== 'string' || info.token === '') {
    throw agentError('SINK_WRAP_FAILED', { why: 'the answer has no wrap_info' });
  }
  return new Secret(wrapInfoText(info));
}
