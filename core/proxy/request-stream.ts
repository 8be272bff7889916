// The body of a client's request as a ByteStream: collected up to a limit, or piped. Nothing is read before somebody asks.
import type { IncomingMessage } from 'node:http';
import type { ByteStream } from '../contracts/exchange.js';
import { headerOf } from '../kernel/raw-headers.js';
import { agentError } from '../sdk/index.js';

const NOTHING = new Uint8Array(0);

/** Body of a request: the empty one at once when the head announces none. */
export function requestBody(request: IncomingMessage): Uint8Array | RequestStream {
  const length = headerOf(request.rawHeaders, 'content-length');
  if (length === undefined && headerOf(request.rawHeaders, 'transfer-encoding') === undefined) return NOTHING;
  return length === '0' ? NOTHING : new RequestStream(request);
}

/** Bytes that a client is still sending. */
export class RequestStream implements ByteStream {
  readonly #request: IncomingMessage;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  /** Rejects with UPSTREAM_CANCELLED when the client left in the middle. May be called again with a larger limit. */
  collect(limit: number): Promise<Uint8Array | undefined> {
    const request = this.#request;
    if (this.#bytes > limit) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const done = (): void => {
        request.off('data', take).off('end', end).off('close', lost).off('error', lost);
      };
      const take = (chunk: Buffer): void => {
        this.#chunks.push(chunk);
        this.#bytes += chunk.length;
        if (this.#bytes <= limit) return;
        done();
        request.pause();
        resolve(undefined);
      };
      const end = (): void => {
        done();
        resolve(this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks, this.#bytes));
      };
      const lost = (): void => {
        done();
        reject(agentError('UPSTREAM_CANCELLED', {}));
      };
      request.on('data', take).on('end', end).on('close', lost).on('error', lost);
      if (request.destroyed && !request.readableEnded) lost();
      else request.resume();
    });
  }

  pipeTo(out: NodeJS.WritableStream & { destroy(error?: Error): unknown }): void {
    const request = this.#request;
    for (const chunk of this.#chunks) out.write(chunk);
    this.#chunks.length = 0;
    const cut = (): void => void (request.readableEnded || out.destroy(agentError('UPSTREAM_CANCELLED', {})));
    request.once('error', cut).once('close', cut);
    if (request.destroyed) cut();
    else request.pipe(out);
  }

  cancel(): void {
    this.#chunks.length = 0;
    this.#request.resume();
  }
}
