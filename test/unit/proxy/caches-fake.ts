// Caches for tests of single stages: what they say is set by the test, what they are told is kept.
import type { Exchange, Reply } from '../../../core/contracts/exchange.js';
import type { BufferedReply, Held, LeaseCache, Watch } from '../../../core/contracts/lease-cache.js';
import type { StaticCache, StaticHit } from '../../../core/contracts/static-cache.js';
import { jsonReply } from '../../../core/kernel/local-reply.js';

const textOf = (reply: BufferedReply): string => Buffer.from(reply.body).toString();

/** A watch that notes what happened to it. */
export class WatchFake implements Watch {
  readonly seen: string[] = [];
  /** What the answer waits for. */
  settling: Promise<void> | undefined;

  constructor(readonly bodies = false) {}

  settled(): Promise<void> | undefined {
    return this.settling;
  }

  sent(exchange: Exchange): void {
    const { body } = exchange;
    this.seen.push(`sent ${body instanceof Uint8Array ? Buffer.from(body).toString() : 'streaming'}`);
  }

  ended(status: number | undefined, body: Uint8Array | undefined): void {
    this.seen.push(`ended ${status} ${body === undefined ? '-' : Buffer.from(body).toString()}`);
  }
}

/** A lease cache. The key of a request is its path. */
export class LeaseCacheFake implements LeaseCache {
  readonly answers = new Map<string, Held>();
  readonly abandoned: string[] = [];
  readonly doubted: string[] = [];
  readonly remembered: { readonly text: string; readonly epoch: number; readonly sentAt: number | undefined }[] = [];
  readonly waits: (number | undefined)[] = [];
  reason: string | undefined;
  issuing: 'surely' | 'perhaps' | 'never' = 'surely';
  head: string | undefined;
  /** What `remember` says; `stored-...` makes the next `recall` a hit. */
  verdict: string | Promise<string> = 'stored-lease';
  seeking: ((exchange: Exchange, signal: AbortSignal) => Promise<void>) | undefined;
  watching: Watch | undefined;
  epoch = 7;

  bypass(): string | undefined {
    return this.reason;
  }

  keyOf({ path }: Exchange): string | undefined {
    return path === '/v1/no-key' ? undefined : path;
  }

  held(key: string): Held {
    return this.answers.get(key);
  }

  recall(key: string): ReturnType<LeaseCache['recall']> {
    if (this.answers.get(key) !== 'fresh') return undefined;
    return { reply: jsonReply(200, { from: 'cache' }), ageMs: 1000, source: this };
  }

  seek(exchange: Exchange, signal: AbortSignal): Promise<void> | undefined {
    return this.seeking?.(exchange, signal);
  }

  issues(): 'surely' | 'perhaps' | 'never' {
    return this.issuing;
  }

  pace(): number | undefined {
    return this.waits.shift();
  }

  refusal(reply: Reply): string | undefined {
    return reply.status >= 300 ? 'status' : this.head;
  }

  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string | Promise<string> {
    this.remembered.push({ text: textOf(reply), epoch, sentAt: exchange.sentAt });
    const keep = (verdict: string): string => {
      if (verdict.startsWith('stored-') || verdict === 'shared-lost') this.answers.set(exchange.path, 'fresh');
      return verdict;
    };
    return typeof this.verdict === 'string' ? keep(this.verdict) : this.verdict.then(keep);
  }

  abandon(_exchange: Exchange, reply: BufferedReply): void {
    this.abandoned.push(textOf(reply));
  }

  doubt(exchange: Exchange): void {
    this.doubted.push(exchange.token?.reveal() ?? '');
  }

  watch(): Watch | undefined {
    return this.watching;
  }

  adopt(): void {}

  clear(): number {
    return 0;
  }

  onRemoved(): void {}

  entries(): Iterable<never> {
    return [];
  }

  readonly size = 0;

  stop(): void {}
}

/** A static cache. Keys are paths. */
export class StaticCacheFake implements StaticCache {
  readonly hits = new Map<string, StaticHit>();
  readonly old = new Map<string, StaticHit>();
  readonly refusals: string[] = [];
  readonly remembered: string[] = [];
  reason: string | undefined;
  verdict = 'stored-static';
  watching: Watch | undefined;
  epoch = 3;

  bypass(): string | undefined {
    return this.reason;
  }

  recall({ path }: Exchange): StaticHit | undefined {
    return this.hits.get(path);
  }

  keyOf({ path }: Exchange): string {
    return path;
  }

  refusal(reply: Reply): string | undefined {
    return reply.status >= 300 ? 'status' : undefined;
  }

  remember(exchange: Exchange, reply: BufferedReply, epoch: number): string {
    this.remembered.push(`${textOf(reply).trim()} ${epoch}`);
    const labelled = { ...reply, headers: [...reply.headers, 'X-Cache', 'HIT'] };
    if (this.verdict === 'stored-static') this.hits.set(exchange.path, { reply: labelled, ageMs: 2500, stale: false });
    return this.verdict;
  }

  rescue({ path }: Exchange): StaticHit | undefined {
    return this.old.get(path);
  }

  refused({ path }: Exchange, status: number): void {
    this.refusals.push(`${path} ${status}`);
  }

  watch(): Watch | undefined {
    return this.watching;
  }

  clear(): number {
    return 0;
  }

  entries(): Iterable<never> {
    return [];
  }

  readonly size = 0;

  start(): void {}

  stop(): void {}
}
