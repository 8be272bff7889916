// Stage 4: the id and accessor of the agent's own token never reach a client, wherever an answer shows them; hits pass through here as well
// (spec cache 3.4, D-3, D-23, D-74). Nor does a wrapping token around it, which the client could open at the server itself.
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { BufferedReply } from '../../contracts/lease-cache.js';
import type { Identity, TokenState } from '../../contracts/token-feed.js';
import { errorReply } from '../../kernel/local-reply.js';
import { isJsonType } from '../../kernel/media-type.js';
import { headerOf } from '../../kernel/raw-headers.js';
import { CODES, agentError, type Logger } from '../../sdk/index.js';
import type { BodyBudget } from '../body-budget.js';
import { bufferedReply, drop, withBody } from '../buffered.js';
import { redactBody } from '../redact-body.js';
import { wrapsOwnToken } from '../wraps-own-token.js';

const textsOf = (state: TokenState | undefined): readonly string[] =>
  state?.form === 'plain' ? [state.token.reveal(), state.accessor].filter((text) => text !== '') : [];

/**
 * Makes the stage for the identity whose token is in use. Successful JSON answers are looked at; others stream by. Where there is no memory to look
 * at one, it throws REQUEST_NO_MEMORY.
 */
export function redactStage(identity: Identity, budget: BodyBudget, log: Logger): Stage {
  let known: TokenState | undefined;
  let values: readonly string[] = [];
  // hits of one second share their body: it is searched once
  let searched = new WeakMap<Uint8Array, { readonly body: Uint8Array | undefined }>();
  const refresh = (): void => {
    const state = identity.feed.current;
    if (state === known) return;
    known = state;
    searched = new WeakMap();
    values = textsOf(state);
  };
  const redacted = (reply: BufferedReply, texts: readonly string[]): BufferedReply => {
    const body = redactBody(reply.body, texts);
    if (body === undefined) return reply;
    log.debug({}, 'removed the auto-auth token from an answer');
    return withBody(reply, body);
  };
  const redactedHit = (reply: BufferedReply): BufferedReply => {
    let result = searched.get(reply.body);
    if (result === undefined) searched.set(reply.body, (result = { body: redactBody(reply.body, values) }));
    return result.body === undefined ? reply : withBody(reply, result.body);
  };
  const fresh = (exchange: Exchange, reply: BufferedReply, texts: readonly string[]): BufferedReply => {
    if (exchange.identity === undefined || !wrapsOwnToken(reply.body)) return redacted(reply, texts);
    log.warn(
      { method: exchange.method, path: exchange.path },
      'refused to hand out the auto-auth token in a wrapping token',
    );
    return errorReply(403, CODES.REQUEST_WRAPS_TOKEN.text({}));
  };
  const onReply = (exchange: Exchange, reply: Reply, before: TokenState | undefined): Reply | Promise<Reply> => {
    if (reply.status >= 300 || !isJsonType(headerOf(reply.headers, 'content-type'))) return reply;
    refresh();
    // a slow request was sent with a token that has been replaced meanwhile, and may still live
    const texts = before === known ? values : [...values, ...textsOf(before)];
    if (exchange.notes.cache === 'hit') return redactedHit(reply as BufferedReply);
    if (reply.body instanceof Uint8Array) return fresh(exchange, reply as BufferedReply, texts);
    return bufferedReply(reply, { budget, owner: exchange }).then((whole) => {
      if (whole === 'too-large') return reply;
      if (whole !== 'no-room') return fresh(exchange, whole, texts);
      drop(reply);
      throw agentError('REQUEST_NO_MEMORY', {});
    });
  };
  return function redact(exchange, next) {
    const before = identity.feed.current;
    const reply = next();
    return reply instanceof Promise
      ? reply.then((late) => onReply(exchange, late, before))
      : onReply(exchange, reply, before);
  };
}
