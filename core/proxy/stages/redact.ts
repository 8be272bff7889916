// Stage 4: the id and accessor of the agent's own token never reach a client, wherever an answer shows them; hits pass through here as well
// (spec cache 3.4, D-3, D-23, D-74).
import type { Exchange, Reply, Stage } from '../../contracts/exchange.js';
import type { BufferedReply } from '../../contracts/lease-cache.js';
import type { Identity, TokenState } from '../../contracts/token-feed.js';
import { isJsonType } from '../../kernel/media-type.js';
import { headerOf } from '../../kernel/raw-headers.js';
import type { Logger } from '../../sdk/index.js';
import { bufferedReply, withBody } from '../buffered.js';
import { redactBody } from '../redact-body.js';

/** Makes the stage for the identity whose token is in use. Successful JSON answers are looked at; others stream by. */
export function redactStage(identity: Identity, log: Logger): Stage {
  let known: TokenState | undefined;
  let values: readonly string[] = [];
  // hits of one second share their body: it is searched once
  let searched = new WeakMap<Uint8Array, BufferedReply>();
  const refresh = (): void => {
    const state = identity.feed.current;
    if (state === known) return;
    known = state;
    searched = new WeakMap();
    values = state?.form === 'plain' ? [state.token.reveal(), state.accessor].filter((value) => value !== '') : [];
  };
  const redacted = (reply: BufferedReply): BufferedReply => {
    const body = redactBody(reply.body, values);
    if (body === undefined) return reply;
    log.debug({}, 'removed the auto-auth token from an answer');
    return withBody(reply, body);
  };
  const redactedHit = (reply: BufferedReply): BufferedReply => {
    let result = searched.get(reply.body);
    if (result === undefined) searched.set(reply.body, (result = redacted(reply)));
    return result;
  };
  const onReply = (exchange: Exchange, reply: Reply): Reply | Promise<Reply> => {
    if (reply.status >= 300 || !isJsonType(headerOf(reply.headers, 'content-type'))) return reply;
    refresh();
    if (exchange.notes.cache === 'hit') return redactedHit(reply as BufferedReply);
    if (reply.body instanceof Uint8Array) return redacted(reply as BufferedReply);
    return bufferedReply(reply).then((whole) => (whole === undefined ? reply : redacted(whole)));
  };
  return function redact(exchange, next) {
    const reply = next();
    return reply instanceof Promise ? reply.then((late) => onReply(exchange, late)) : onReply(exchange, reply);
  };
}
