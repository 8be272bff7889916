// Error -> answer in Vault's shape (architecture 2.11, spec cache 2.4). Pure.
import type { Exchange, Reply } from '../contracts/exchange.js';
import { errorReply } from '../kernel/local-reply.js';
import { AgentError, describeError } from '../sdk/index.js';

const STATUS: Readonly<Record<string, number>> = {
  REQUEST_HEADER_MISSING: 412,
  REQUEST_TOO_LARGE: 413,
  REQUEST_NOT_READY: 503,
  REQUEST_NO_MEMORY: 503,
  REQUEST_OVERTAKEN: 503,
  REQUEST_NOT_SENDABLE: 400,
  REQUEST_LOOP: 508,
  UPSTREAM_TIMEOUT: 504,
  UPSTREAM_CANCELLED: 499,
};

/**
 * The answer for an error. The server out of reach is 502, its silence 504; with `upstreamErrors` 500 both are the reference's 500 (D-28). What
 * is no AgentError is a defect of ours: 500 without its text. The id of the request comes along, so that the log can be searched for it.
 */
export function replyForError(error: unknown, exchange: Exchange, upstreamErrors: 'honest' | '500'): Reply {
  const { status, message } = judge(error, upstreamErrors);
  const reply = errorReply(status, message);
  reply.headers.push('X-Claviger-Request-Id', exchange.id);
  if (status === 503) reply.headers.push('Retry-After', '1');
  return reply;
}

function judge(error: unknown, upstreamErrors: 'honest' | '500'): { status: number; message: string } {
  if (!(error instanceof AgentError)) return { status: 500, message: 'internal error of the agent' };
  if (error.code.startsWith('UPSTREAM_')) {
    const honest = STATUS[error.code] ?? 502;
    return {
      status: upstreamErrors === '500' ? 500 : honest,
      message: `failed to get the response: ${describeError(error)}`,
    };
  }
  if (error.code.startsWith('REQUEST_')) return { status: STATUS[error.code] ?? 400, message: error.message };
  return { status: 500, message: 'internal error of the agent' };
}
