// Cache store redis: sealed bytes in Redis, with an expiry each, compare-and-set, and news for those who share it. It never waits longer than its
// bounds and keeps no queue: while Redis is away every call fails at once.
import { randomBytes } from 'node:crypto';
import {
  Log,
  Report,
  Settings,
  Time,
  plugin,
  type CacheStore,
  type Clock,
  type Health,
  type Logger,
  type StoreNews,
  type StoreWrite,
} from 'claviger/sdk';
import { followChanges } from './changes.js';
import { dial, type Client } from './client.js';
import { DamagedReply, breaksConnection, storeError } from './failures.js';
import { framed, unframed } from './frame.js';
import { Link } from './link.js';
import { CLEAR, PAGE, SWAP, WRITE, type Script } from './scripts.js';
import { nameOf, targetOf, type RedisSettings, type Target } from './target.js';

type Argument = string | Buffer;

const PAGE_SIZE = 100;
const LONGEST_PX = 10 * 365 * 86_400_000;

@plugin()
export default class RedisStore implements CacheStore {
  readonly #target: Target;
  readonly #place: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #health: Health;
  readonly #keys: { readonly sequence: string; readonly index: string; readonly ends: string; readonly data: string };
  readonly #channel: string;
  readonly #writer = randomBytes(9).toString('base64url');
  readonly #stopped = new AbortController();
  #link: Link | undefined;
  #wasDown = false;

  constructor(@Settings settings: RedisSettings, @Log log: Logger, @Time clock: Clock, @Report health: Health) {
    this.#target = targetOf(settings);
    this.#place = nameOf(this.#target);
    this.#log = log;
    this.#clock = clock;
    this.#health = health;
    const tag = `{${settings.prefix ?? 'claviger'}}:`;
    this.#keys = { sequence: `${tag}seq`, index: `${tag}index`, ends: `${tag}ends`, data: `${tag}d:` };
    this.#channel = `${tag}news`;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#link ??= this.#makeLink();
    await this.#link.open(signal);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#link?.close();
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#run(async (client) => {
      const reply = await client.callBuffer('GET', this.#keys.data + key);
      return reply === null ? undefined : this.#live(reply);
    });
  }

  async put(key: string, value: Uint8Array, expiresAt?: number): Promise<void> {
    await this.batch([expiresAt === undefined ? { key, value } : { key, value, expiresAt }]);
  }

  async delete(key: string): Promise<void> {
    await this.batch([{ key }]);
  }

  async *entries(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]> {
    const greatest = prefix === '' ? '+' : Buffer.concat([Buffer.from(`(${prefix}`), Buffer.from([0xff])]);
    let least: Argument = prefix === '' ? '-' : `[${prefix}`;
    for (;;) {
      const page = await this.#page(least, greatest);
      for (const [key, value] of page) if (value !== undefined) yield [key, value];
      if (page.length < PAGE_SIZE) return;
      least = `(${page.at(-1)![0]}`;
    }
  }

  async batch(writes: readonly StoreWrite[]): Promise<void> {
    if (writes.length === 0) return;
    // taken now: the caller may change its bytes while the command is on its way
    const args = writes.flatMap((write) => this.#write(write));
    await this.#run(async (client) => done(await this.#eval(client, WRITE, [...this.#head(), ...args])));
  }

  async swap(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    expiresAt?: number,
  ): Promise<boolean> {
    const write = this.#write({ key, ...(value && { value }), ...(expiresAt !== undefined && { expiresAt }) });
    const wanted = expected === undefined ? ['0', ''] : ['1', Buffer.from(expected)];
    return this.#run(async (client) => {
      const reply = await this.#eval(client, SWAP, [...this.#head(), ...write, ...wanted]);
      if (reply !== 0 && reply !== 1) throw new DamagedReply('a swap was answered strangely');
      return reply === 1;
    });
  }

  changes(signal: AbortSignal): AsyncIterable<StoreNews> {
    const { sequence } = this.#keys;
    const ended = AbortSignal.any([signal, this.#stopped.signal]);
    return followChanges(
      {
        clock: this.#clock,
        writer: this.#writer,
        channel: this.#channel,
        dial: (attempt, until) => dial(this.#target, { to: 'follow', attempt }, until),
        sequence: () => this.#run(async (client) => numberOf(await client.call('GET', sequence))),
      },
      ended,
    );
  }

  async clear(): Promise<void> {
    await this.#run(async (client) => done(await this.#eval(client, CLEAR, this.#head())));
  }

  async #page(least: Argument, greatest: Argument): Promise<(readonly [string, Uint8Array | undefined])[]> {
    const reply = await this.#run((client) => this.#eval(client, PAGE, [least, greatest, String(PAGE_SIZE)]));
    if (!Array.isArray(reply)) throw storeError(new DamagedReply('a list was answered strangely'), this.#place);
    const page: (readonly [string, Uint8Array | undefined])[] = [];
    for (let at = 0; at < reply.length; at += 2) page.push([String(reply[at]), this.#readable(reply[at + 1])]);
    return page;
  }

  // one bad record costs one record
  #readable(reply: unknown): Uint8Array | undefined {
    try {
      return reply === null ? undefined : this.#live(reply);
    } catch (error) {
      this.#log.warn({ error: storeError(error, this.#place) }, 'a record of the cache store is damaged and left out');
      return undefined;
    }
  }

  #live(reply: unknown): Uint8Array | undefined {
    const { value, expiresAt } = unframed(reply);
    return expiresAt === 0 || expiresAt > this.#clock.now() ? value : undefined;
  }

  #head(): Argument[] {
    return [this.#channel, this.#writer, String(Math.trunc(this.#clock.now()))];
  }

  #write({ key, value, expiresAt }: StoreWrite): Argument[] {
    const ends = expiresAt === undefined || !Number.isFinite(expiresAt) ? 0 : Math.trunc(expiresAt);
    const px = Math.min(LONGEST_PX, ends - Math.trunc(this.#clock.now()));
    if (value === undefined || (ends !== 0 && px <= 0)) return [key, '', '-', '0'];
    return [key, framed(value, ends), ends === 0 ? '' : String(px), String(ends)];
  }

  async #eval(client: Client, { text, sha }: Script, args: readonly Argument[]): Promise<unknown> {
    const { sequence, index, ends, data } = this.#keys;
    const all = [4, sequence, index, ends, data, ...args];
    try {
      return await client.callBuffer('EVALSHA', sha, ...all);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('NOSCRIPT')) throw error;
      return client.callBuffer('EVAL', text, ...all);
    }
  }

  async #run<T>(work: (client: Client) => Promise<T>): Promise<T> {
    this.#link ??= this.#makeLink();
    const { client } = this.#link;
    try {
      return await work(client);
    } catch (error) {
      const told = storeError(error, this.#place);
      if (breaksConnection(error)) this.#link.drop(client, told);
      throw told;
    }
  }

  #makeLink(): Link {
    return new Link({
      clock: this.#clock,
      dial: (_attempt, signal) => dial(this.#target, { to: 'command' }, signal),
      onUp: () => this.#tellUp(),
      onDown: (error) => {
        if (!this.#wasDown) this.#log.warn({ error }, 'redis is away; going on without it');
        this.#wasDown = true;
        this.#health.degraded(error);
      },
    });
  }

  #tellUp(): void {
    if (this.#wasDown) this.#log.info({ place: this.#place }, 'redis is back');
    this.#wasDown = false;
    this.#health.ok();
  }
}

function done(reply: unknown): void {
  if (reply !== 1) throw new DamagedReply('a write was answered strangely');
}

function numberOf(reply: unknown): number {
  const number = reply === null ? 0 : Number(reply);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new DamagedReply('the counter of writes is not a number');
}
