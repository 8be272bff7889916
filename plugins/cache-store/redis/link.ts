// One connection that comes back: dialled anew with growing waits whenever it ends, until it is closed. It must not know what is said over it.
import { agentError, type AgentError, type Clock } from 'claviger/sdk';
import type { Client } from './client.js';

/** What a link is made of. Waits go through `clock`. */
export interface LinkOptions {
  readonly clock: Clock;
  /** Attempts count from 0. */
  readonly dial: (attempt: number, signal: AbortSignal) => Promise<Client>;
  /** A connection is ready; when this rejects it is given up. */
  readonly onUp: (client: Client) => void | Promise<void>;
  /** It was lost, or could not be made. */
  readonly onDown: (error: AgentError) => void;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;

/** A connection or the reason why there is none. */
export class Link {
  readonly #options: LinkOptions;
  readonly #closed = new AbortController();
  #client: Client | undefined;
  #why: AgentError = agentError('CACHE_STORE_UNAVAILABLE', { why: 'it has not been started' });
  #cancelWait: () => void = () => undefined;
  #waitMs = 0;
  #attempt = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** The connection; throws the reason when there is none now. */
  get client(): Client {
    if (this.#client === undefined) throw this.#why;
    return this.#client;
  }

  /** Makes the first connection. A failure is thrown, and tried again in the background until `close`; an aborted `signal` only ends the waiting. */
  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let stop = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      await Promise.race([this.#connect(), aborted]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    if (this.#client === undefined) throw this.#why;
  }

  /** Gives a connection up, if it is the present one; a new one is made. */
  drop(client: Client, why: AgentError): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    client.disconnect();
    this.#down(why);
  }

  /** Ends it for good. Safe twice. */
  close(): void {
    this.#closed.abort();
    this.#cancelWait();
    this.#client?.disconnect();
    this.#client = undefined;
    this.#why = agentError('CACHE_STORE_UNAVAILABLE', { why: 'it has been stopped' });
  }

  async #connect(): Promise<void> {
    try {
      const client = await this.#options.dial(this.#attempt++, this.#closed.signal);
      if (this.#closed.signal.aborted) return client.disconnect();
      this.#client = client;
      client.on('end', () => this.drop(client, LOST()));
      await this.#options.onUp(client);
      if (this.#client === client) this.#waitMs = 0;
    } catch (error) {
      this.#client?.disconnect();
      this.#client = undefined;
      this.#down(error as AgentError);
    }
  }

  #down(why: AgentError): void {
    if (this.#closed.signal.aborted) return;
    this.#why = why;
    this.#options.onDown(why);
    this.#waitMs = Math.min(LONGEST_WAIT_MS, this.#waitMs === 0 ? FIRST_WAIT_MS : 2 * this.#waitMs);
    this.#cancelWait();
    this.#cancelWait = this.#options.clock.after(
      this.#waitMs * (0.75 + 0.5 * Math.random()),
      () => void this.#connect(),
    );
  }
}

const LOST = (): AgentError => agentError('CACHE_STORE_UNAVAILABLE', { why: 'the connection was lost' });
