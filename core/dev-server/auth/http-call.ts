// One small HTTP(S) call to a service that an auth method asks (TokenReview, JWKS). Bounded in time and size.
import http from 'node:http';
import https from 'node:https';

/** A call to make. `ca` are PEM texts trusted instead of the system's. */
export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly ca?: string | undefined;
}

/** Status and text of the answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 10_000;
const LIMIT = 1 << 20;

/** Makes the call. Rejects with a plain Error when there is no whole answer. */
export function httpCall(call: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const url = new URL(call.url);
    const secure = url.protocol === 'https:';
    const options = { method: call.method, headers: { ...call.headers }, timeout: TIMEOUT_MS, agent: false };
    const ca = secure && call.ca !== undefined && call.ca !== '' ? { ca: call.ca } : {};
    const request = secure ? https.request(url, { ...options, ...ca }) : http.request(url, options);
    request.on('timeout', () => request.destroy(new Error('the service did not answer in time')));
    request.on('error', reject);
    request.on('response', (response) => collect(response, resolve, reject));
    request.end(call.body);
  });
}

function collect(
  from: http.IncomingMessage,
  resolve: (answer: HttpAnswer) => void,
  reject: (why: Error) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  from.on('error', reject);
  from.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > LIMIT) from.destroy(new Error('the answer of the service is too large'));
    else chunks.push(chunk);
  });
  from.on('end', () => resolve({ status: from.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
}
