// Stage 1: refuses requests without the header that only a program sets on purpose, never a browser tricked into it (L-10).
import type { Exchange, Stage } from '../../contracts/exchange.js';
import { errorReply } from '../../kernel/local-reply.js';
import { sameName } from '../../kernel/raw-headers.js';
import { CODES } from '../../sdk/index.js';

/** True when `X-Vault-Request` is there exactly once with the value `true`. */
export function hasRequestHeader(exchange: Exchange): boolean {
  const { headers } = exchange;
  let seen = false;
  for (let at = 0; at < headers.length; at += 2) {
    if (!sameName(headers[at]!, 'x-vault-request')) continue;
    if (seen || headers[at + 1] !== 'true') return false;
    seen = true;
  }
  return seen;
}

/** The gate of `require_request_header`: 412 and nothing is forwarded or counted. */
export const guard: Stage = (exchange, next) =>
  hasRequestHeader(exchange) ? next() : errorReply(412, CODES.REQUEST_HEADER_MISSING.text({}));
