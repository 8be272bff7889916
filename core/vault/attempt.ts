// One attempt: undici's raw callbacks on one side, the head as a promise and the body as a ByteStream on the other. It must not know about
// retries or Vault. One object per request on the hot path; nothing is copied unless somebody collects.
import type { Duplex } from 'node:stream';
import type { ByteStream } from '../contracts/exchange.js';
import type { AgentError } from '../sdk/index.js';
import { cancelled, failureOf, type Failure } from './failure.js';
import type { Share } from './spread.js';
import type { WireHandler } from './transport.js';

type Out = NodeJS.WritableStream & { destroy(error?: Error): unknown };

const HIGH_WATER_BYTES = 256 * 1024;
const ONE_PIECE_BYTES = 16 * 1024;

/** The answer in the making. `head` resolves with undefined when status and headers are there, and with a failure when there is no answer. */
export class Attempt implements WireHandler, ByteStream {
  status = 0;
  rawHeaders: Buffer[] = [];
  /** Its place among the requests under way; InFlight sets it. */
  slot = -1;
  /** The pool that carries it; the transport sets it. */
  share: Share | undefined = undefined;
  /** The connection, once the server has turned it into another protocol (101). It is the reader's then. */
  upgraded: Duplex | undefined = undefined;
  readonly head: Promise<Failure | undefined>;
  #answer!: (failure: Failure | undefined) => void;
  /** Where it was sent to, for messages. */
  readonly address: string;
  readonly #onEnd: (attempt: Attempt) => void;
  #abort: ((reason?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #failure: Failure | undefined;
  #dropping = false;
  #out: Out | undefined;
  #collector:
    | { readonly limit: number; resolve(bytes: Uint8Array | undefined): void; reject(error: AgentError): void }
    | undefined;

  constructor(address: string, onEnd: (attempt: Attempt) => void) {
    this.address = address;
    this.#onEnd = onEnd;
    this.head = new Promise((resolve) => (this.#answer = resolve));
  }

  /** True when nothing more will arrive. */
  get ended(): boolean {
    return this.#ended;
  }

  /** True when bytes of the request may have reached a server. */
  get sent(): boolean {
    return this.#abort !== undefined;
  }

  /** True while the body flows to its reader, at the reader's pace and for as long as both like (D-35). */
  get flowing(): boolean {
    return this.#out !== undefined;
  }

  onConnect(abort: (reason?: Error) => void): void {
    if (this.#failure) abort(this.#failure.error);
    else this.#abort = abort;
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    this.status = status;
    this.rawHeaders = headers;
    this.#resume = resume;
    this.#answer(undefined);
    return true;
  }

  onUpgrade(status: number, headers: Buffer[], socket: Duplex): void {
    if (this.#ended) return void socket.destroy();
    this.status = status;
    this.rawHeaders = headers;
    this.upgraded = socket;
    this.#end();
    this.#answer(undefined);
  }

  onData(chunk: Buffer): boolean {
    if (this.#dropping) return true;
    if (this.#out) return this.#out.write(chunk);
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.#collector) return this.#checkCollector();
    return this.#bytes < HIGH_WATER_BYTES;
  }

  onComplete(): void {
    this.#end();
    this.#out?.end();
    this.#collector?.resolve(this.#joined());
    this.#collector = undefined;
  }

  onError(error: Error): void {
    this.fail(this.#failure ?? failureOf(error, this.address, this.#abort !== undefined));
  }

  /** Ends the attempt from our side: the server is told to stop, whoever waits gets the failure. */
  fail(failure: Failure): void {
    if (this.#ended) return;
    this.#failure = failure;
    this.#end();
    this.#abort?.(failure.error);
    this.#answer(failure);
    this.#chunks = [];
    this.#out?.destroy(failure.error);
    this.#collector?.reject(failure.error);
    this.#collector = undefined;
  }

  #end(): void {
    this.#ended = true;
    if (this.share !== undefined && this.#out !== undefined) this.share.held -= 1;
    this.#onEnd(this);
  }

  collect(limit: number): Promise<Uint8Array | undefined> {
    if (this.#failure) return Promise.reject(this.#failure.error);
    if (this.#bytes > limit) return Promise.resolve(undefined);
    if (this.#ended) return Promise.resolve(this.#joined());
    return new Promise((resolve, reject) => {
      this.#collector = { limit, resolve, reject };
      this.#resume?.();
    });
  }

  #checkCollector(): boolean {
    const collector = this.#collector;
    if (collector === undefined || this.#bytes <= collector.limit) return true;
    this.#collector = undefined;
    collector.resolve(undefined);
    return false;
  }

  // One chunk is handed on as it is, a window into a read buffer: who keeps an answer copies it.
  #joined(): Uint8Array {
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return only;
    const bytes = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.byteLength;
    }
    return bytes;
  }

  pipeTo(out: Out): void {
    if (this.#failure) return void out.destroy(this.#failure.error);
    if ((out as { destroyed?: boolean }).destroyed === true) return this.cancel();
    const chunks = this.#chunks;
    this.#chunks = [];
    if (this.#ended) {
      const last = chunks.pop();
      for (const chunk of chunks) out.write(chunk);
      if (last === undefined) out.end();
      // As text node:http sends a small body in one piece with the head, as bytes it needs a second.
      else if (last.byteLength <= ONE_PIECE_BYTES) out.end(last.toString('latin1'), 'latin1');
      else out.end(last);
      return;
    }
    this.#follow(out, chunks);
  }

  #follow(out: Out, chunks: readonly Buffer[]): void {
    this.#out = out;
    if (this.share !== undefined) this.share.held += 1;
    let room = true;
    for (const chunk of chunks) room = out.write(chunk);
    out.on('drain', () => this.#goOn());
    out.on('close', () => this.cancel());
    out.on('error', () => this.cancel());
    if (room) this.#goOn();
  }

  cancel(): void {
    this.fail(cancelled());
  }

  /** Lets the rest arrive and forgets it, so that the connection can be used again; a long rest is cut off. */
  discard(): void {
    if (this.#bytes >= HIGH_WATER_BYTES) return this.cancel();
    this.#dropping = true;
    this.#chunks = [];
    this.#goOn();
  }

  // `resume` belongs to the connection: after our end it would wake whoever uses the connection next.
  #goOn(): void {
    if (!this.#ended) this.#resume?.();
  }
}
