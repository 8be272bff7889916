// Sink http: the payload in the body of one request, to TLS, a unix socket or this machine only. No redirect is followed, no proxy is used, and the
// answer is never shown when it is a success. Knows requests, nothing of tokens.
import {
  Log,
  Secret,
  Settings,
  Time,
  agentError,
  callService,
  deliveryJson,
  describeError,
  plugin,
  readCredential,
  refusalText,
  type Clock,
  type Delivery,
  type Logger,
  type Sink,
} from 'claviger/sdk';
import { whyUnsafe, type Target } from './target.js';

interface HttpSettings extends Target {
  readonly method?: 'PUT' | 'POST';
  readonly format?: 'raw' | 'json';
  readonly bearer_token_file?: string;
  readonly ca_cert?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly delete_on_withdraw?: boolean;
}

interface Sending {
  readonly body?: Secret;
  readonly type?: string;
  readonly signal: AbortSignal;
  /** What is in the body, and must not come back in a message. */
  readonly hide?: readonly Secret[];
}

const TIMEOUT_MS = 10_000;

@plugin()
export default class HttpSink implements Sink {
  readonly #settings: HttpSettings;
  readonly #log: Logger;
  readonly #clock: Clock;

  constructor(@Settings settings: HttpSettings, @Log log: Logger, @Time clock: Clock) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    const why = whyUnsafe(this.#settings);
    if (why !== undefined) throw agentError('SINK_NOT_WRITABLE', { path: this.#where, why });
    for (const file of [this.#settings.ca_cert, this.#settings.bearer_token_file]) if (file) await this.#file(file);
  }

  async write(delivery: Delivery, signal: AbortSignal): Promise<void> {
    const json = this.#settings.format === 'json';
    const body = json ? new Secret(deliveryJson(delivery)) : delivery.payload;
    const type = json ? 'application/json' : 'text/plain; charset=utf-8';
    await this.#send(this.#settings.method ?? 'PUT', { body, type, signal, hide: [delivery.payload] });
    this.#log.info({ url: this.#where }, 'token sent');
  }

  async withdraw(signal: AbortSignal): Promise<void> {
    if (this.#settings.delete_on_withdraw === true) await this.#send('DELETE', { signal });
  }

  async #send(method: string, { body, type, signal, hide = [] }: Sending): Promise<void> {
    const { url, socket, ca_cert, bearer_token_file: bearerFile, timeout = TIMEOUT_MS } = this.#settings;
    const bearer = bearerFile ? await this.#file(bearerFile, signal) : undefined;
    const answer = await callService({
      ...{ url, method, clock: this.#clock, signal, timeoutMs: timeout, socketPath: socket },
      ca: ca_cert ? (await this.#file(ca_cert, signal)).reveal() : undefined,
      headers: {
        ...this.#settings.headers,
        ...(type !== undefined && { 'Content-Type': type }),
        ...(bearer !== undefined && { Authorization: `Bearer ${bearer.reveal()}` }),
      },
      ...(body !== undefined && { body: body.reveal() }),
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw agentError('SINK_WRITE_FAILED', { path: this.#where, why: describeError(error) }, { cause: error });
    });
    if (answer.status >= 200 && answer.status < 300) return;
    if (method === 'DELETE' && (answer.status === 404 || answer.status === 410)) return;
    const why = refusalText(
      answer,
      [...hide, body, bearer].filter((secret) => secret !== undefined),
    );
    throw agentError('SINK_WRITE_FAILED', { path: this.#where, why });
  }

  async #file(path: string, signal?: AbortSignal): Promise<Secret> {
    try {
      return (await readCredential(path, { signal, what: 'the file' })).text;
    } catch (error) {
      signal?.throwIfAborted();
      throw agentError(
        'SINK_NOT_WRITABLE',
        { path: this.#where, why: describeError(error) },
        { at: path, cause: error },
      );
    }
  }

  // without what may be secret in it
  get #where(): string {
    const { url, socket } = this.#settings;
    if (!URL.canParse(url)) return 'the http sink';
    const { origin, pathname } = new URL(url);
    return socket === undefined ? `${origin}${pathname}` : `unix:${socket}${pathname}`;
  }
}
