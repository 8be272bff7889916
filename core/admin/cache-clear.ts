// POST or PUT cache-clear (spec cache section 8). What is cleared is gone when the answer is sent (K-1). GET is refused (D-70), a missing value is
// the client's mistake (D-71).
import type { Exchange, Handler, Reply } from '../contracts/exchange.js';
import type { ClearRequest, LeaseCache } from '../contracts/lease-cache.js';
import type { StaticCache } from '../contracts/static-cache.js';
import { emptyReply, errorReply } from '../kernel/local-reply.js';
import { AgentError, agentError } from '../sdk/index.js';
import { bodyOf, onlyMethods } from './answers.js';

const VALUE_NAMES = {
  request_path: 'request path',
  token: 'token',
  token_accessor: 'token accessor',
  lease: 'lease',
  id: 'id',
} as const;

type Clearable = Pick<LeaseCache, 'clear'>;

/** Makes the endpoint; both caches are cleared. Without a cache every request is answered with success. */
export function cacheClear(cache: Clearable | undefined, statics?: Pick<StaticCache, 'clear'>): Handler {
  const parts = [cache, statics].filter((part) => part !== undefined);
  return onlyMethods(['POST', 'PUT'], (exchange) => (parts.length === 0 ? emptyReply(200) : cleared(parts, exchange)));
}

async function cleared(caches: readonly Clearable[], exchange: Exchange): Promise<Reply> {
  try {
    const request = clearRequestOf(await bodyOf(exchange));
    for (const cache of caches) cache.clear(request);
    return emptyReply(200);
  } catch (error) {
    if (error instanceof AgentError && error.code === 'CACHE_CLEAR_INPUT') return errorReply(400, error.message);
    throw error;
  }
}

/** Reads the body of a cache-clear. Throws CACHE_CLEAR_INPUT with the text that the client gets. */
export function clearRequestOf(body: Uint8Array | undefined): ClearRequest {
  const fields = jsonFields(body);
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  const type = text('type');
  if (type === '') throw refused('failed to parse clear input: no type provided');
  if (type === 'all') return { type };
  if (!Object.hasOwn(VALUE_NAMES, type)) throw refused('failed to clear cache: invalid type provided');
  const known = type as keyof typeof VALUE_NAMES;
  const value = text('value');
  if (value === '') throw refused(`failed to clear cache: ${VALUE_NAMES[known]} not provided`);
  return known === 'request_path' ? { type: known, value, namespace: text('namespace') } : { type: known, value };
}

function jsonFields(body: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  if (body === undefined) throw refused('failed to parse JSON input: the body is too long');
  const text = Buffer.from(body).toString('utf8');
  if (text.trim() === '') throw refused('failed to parse JSON input: empty JSON provided');
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused('failed to parse JSON input: an object is expected');
  }
  return value as Readonly<Record<string, unknown>>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // the parser's own message repeats the input, which may hold a token
    throw refused('failed to parse JSON input: this is not JSON');
  }
}

const refused = (why: string): AgentError => agentError('CACHE_CLEAR_INPUT', { why });
