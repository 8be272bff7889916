// A server of the SDK on a free port for one test, which keeps what it served.
import type { AddressInfo } from 'node:net';
import {
  createHttpServer,
  type HttpServer,
  type HttpServerOptions,
  type Serve,
} from '../../../../core/sdk/http-server.js';
import { dial, readToEnd } from '../../../../core/sdk/testing/http-client.js';

export interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly body: string;
}

export interface Served {
  readonly server: HttpServer;
  readonly url: string;
  readonly seen: Seen[];
  /** Writes parts one after the other (each is a segment of its own) and reads to the end. */
  readonly send: (...parts: (string | Buffer)[]) => Promise<string>;
}

/** Runs `body` against a server; `serve` replaces the one that answers everything with `ok`. */
export async function withServer(
  options: HttpServerOptions,
  body: (served: Served) => Promise<void>,
  serve?: Serve,
): Promise<void> {
  const seen: Seen[] = [];
  const server = createHttpServer(serve ?? recorder(seen), options);
  await server.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(server.node.address() as AddressInfo).port}`;
  const send = async (...parts: (string | Buffer)[]): Promise<string> => {
    const socket = await dial(url);
    socket.setNoDelay(true);
    const all = readToEnd(socket);
    for (const part of parts) {
      await new Promise<void>((done) => socket.write(part, () => done()));
      await new Promise((turn) => setImmediate(turn));
    }
    return (await all).toString('latin1');
  };
  try {
    await body({ server, url, seen, send });
  } finally {
    await server.close(0);
  }
}

/** Remembers each request when it is complete. */
export function recorder(seen: Seen[]): Serve {
  return {
    request(request, response) {
      const parts: Buffer[] = [];
      request.on('data', (bytes: Buffer) => parts.push(bytes));
      request.on('end', () => {
        seen.push({ method: request.method, url: request.url, body: Buffer.concat(parts).toString('latin1') });
        response.end('ok');
      });
    },
  };
}
