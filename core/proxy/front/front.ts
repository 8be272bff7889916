// The fast front: answers a request that the pipeline has answered as a hit before, for the very same bytes, without parsing it again
// (architecture 2.18). The pipeline stays the only place where rules live: a head is remembered only after it went through all of them, and each use
// asks the cache again, so that expiry, eviction, a new token of the identity or a changed answer send the request the usual way.
import { STATUS_CODES } from 'node:http';
import type { Exchange, Reply } from '../../contracts/exchange.js';
import type { BufferedReply, LeaseCache } from '../../contracts/lease-cache.js';
import type { Metrics } from '../../contracts/metrics.js';
import type { Identity, TokenState } from '../../contracts/token-feed.js';
import type { Clock, Logger } from '../../sdk/index.js';
import { isUsable } from '../usable-token.js';
import { LARGEST_HEAD, Memo } from './memo.js';
import { isStrict } from './strict.js';

/** What a front is made of. */
export interface FrontOptions {
  readonly cache: Pick<LeaseCache, 'recall' | 'onRemoved'>;
  /** The identity whose token requests without one get; undefined when none is in use. */
  readonly identity: Pick<Identity, 'feed'> | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** While it writes debug lines, every request takes the usual way. */
  readonly log: Logger;
}

/** The front of one listener. */
export interface Front {
  /** The complete answer for these bytes, or undefined. `lines` are the header lines of the connection, with their line ends. */
  answer(bytes: Buffer, lines: string): string | undefined;
  /** Remembers a hit. `alone` are the exact bytes of the request, `headers` what the parser made of them. */
  offer(alone: Buffer, headers: readonly string[], hit: { readonly exchange: Exchange; readonly reply: Reply }): void;
}

interface Remembered {
  readonly key: string;
  readonly state: TokenState | undefined;
  /** The stored answer that went through the pipeline; another one under the same key has to go through it first. */
  readonly source: object;
  /** What `text` was made of; undefined until it is needed. */
  reply: BufferedReply | undefined;
  lines: string;
  text: string;
}

const LARGEST_BODY = 16 * 1024;
const G = 0x47;
const LF = 0x0a;

/** Makes a front. */
export function createFront({ cache, identity, clock, metrics, log }: FrontOptions): Front {
  const memo = new Memo<Remembered>();
  const success = metrics.series('agent.proxy.success');
  const hits = metrics.series('agent.cache.hit');
  const debug = (): boolean => log.enabled?.('debug') ?? true;
  const forget = (head: string): undefined => void memo.delete(head);
  // keys hold tokens and texts hold secrets: both go with the answer
  cache.onRemoved((sources) => memo.deleteWhere(({ source }) => sources.has(source)));
  return {
    answer(bytes, lines) {
      if (bytes[0] !== G || bytes[bytes.length - 1] !== LF || bytes.length > LARGEST_HEAD) return undefined;
      const head = bytes.toString('latin1');
      const known = memo.get(head);
      if (known === undefined || debug()) return undefined;
      if (known.state !== identity?.feed.current) return forget(head);
      // the identity stage would not send an expired token
      if (known.state !== undefined && !isUsable(known.state, clock)) return undefined;
      const found = cache.recall(known.key);
      if (found?.source !== known.source) return forget(head);
      if (found.reply !== known.reply || lines !== known.lines) {
        known.reply = found.reply;
        known.lines = lines;
        known.text = render(found.reply, lines);
      }
      success.add();
      hits.add();
      return known.text;
    },
    offer(alone, headers, { exchange, reply }) {
      const key = exchange.cacheKey;
      if (key === undefined || exchange.notes.cache !== 'hit' || alone.length > LARGEST_HEAD) return;
      // an answer that a stage has changed (redaction) is not the cache's own, and not repeated by heart
      const own = cache.recall(key);
      if (own === undefined || own.reply !== reply || own.reply.body.length > LARGEST_BODY) return;
      const head = alone.toString('latin1');
      const state = identity?.feed.current;
      const known = memo.get(head);
      if (known?.source === own.source && known.state === state) return;
      if (isStrict(head, headers))
        memo.set(head, { key, state, source: own.source, reply: undefined, lines: '', text: '' });
    },
  };
}

/** The bytes of an answer as node:http would send them on a connection that stays open. */
function render({ status, headers, body }: BufferedReply, lines: string): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return `${text}${lines}\r\n${Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')}`;
}
