// A client that keeps its connections and never throws: a request that broke is an answer of status 0.
import { Agent, request } from 'node:http';

/** What came back. `body` is parsed JSON, or undefined. */
export interface Reply {
  readonly status: number;
  readonly cache: string;
  readonly body: ReturnType<typeof JSON.parse>;
}

/** One thing to ask. */
export interface Ask {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  /** The client leaves after so many ms. */
  readonly patienceMs?: number;
}

const LONGEST_MS = 20_000;

/** Connections of one crowd. */
export class Wire {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  ask({ port, method, path, token, body, patienceMs }: Ask): Promise<Reply> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      'X-Vault-Request': 'true',
      ...(token !== undefined && { 'X-Vault-Token': token }),
      ...(sent !== undefined && { 'Content-Length': Buffer.byteLength(sent) }),
    };
    const options = { host: '127.0.0.1', port, method, path, headers, agent: this.#agent, timeout: LONGEST_MS };
    return new Promise((resolve) => {
      const broken = (): void => resolve({ status: 0, cache: '', body: undefined });
      const call = request(options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', broken);
        response.on('close', broken);
        response.on('end', () => {
          const cache = String(response.headers['x-cache'] ?? '');
          resolve({ status: response.statusCode ?? 0, cache, body: parsed(Buffer.concat(parts)) });
        });
      });
      call.on('timeout', () => call.destroy());
      call.on('error', broken);
      if (patienceMs !== undefined) setTimeout(() => call.destroy(), patienceMs);
      call.end(sent);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function parsed(bytes: Buffer): Reply['body'] {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
