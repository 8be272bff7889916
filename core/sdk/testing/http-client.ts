// A small HTTP client for listener tests: by the URL of a bound listener (http, https, unix), any verb, raw bytes when needed.
import type { IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What is sent. */
export interface ClientCall {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Trusted authority for https and for TLS on a unix socket. */
  readonly ca?: string | undefined;
}

/** What came back. */
export interface ClientAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Opens a connection to a bound listener; with `ca` it speaks TLS. */
export function dial(url: string, ca?: string): Promise<Socket> {
  const place = url.startsWith('unix://') ? { path: url.slice('unix://'.length) } : placeOf(new URL(url));
  const secure = ca !== undefined || url.startsWith('https:');
  const socket = secure
    ? connectTls({ ...place, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] })
    : connect(place);
  return new Promise((resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      socket.removeListener('error', reject);
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

/** One request on a connection of its own (`Connection: close`). */
export async function call(url: string, given: ClientCall = {}): Promise<ClientAnswer> {
  const socket = await dial(url, given.ca);
  socket.write(requestBytes({ ...given, headers: { Connection: 'close', ...given.headers } }));
  return parseAnswer(await readToEnd(socket));
}

/** The bytes of a request. */
export function requestBytes({ method = 'GET', path = '/', headers = {}, body = '' }: ClientCall): Buffer {
  const content = Buffer.from(body);
  const length = content.length > 0 ? { 'Content-Length': String(content.length) } : {};
  const lines = Object.entries({ Host: 'localhost', ...length, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), content]);
}

/** Everything until the other side ends. */
export function readToEnd(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on('data', (bytes: Buffer) => parts.push(bytes));
    socket.once('close', () => resolve(Buffer.concat(parts)));
    socket.once('end', () => socket.end());
  });
}

/** Reads the first answer of some bytes. */
export function parseAnswer(bytes: Buffer): ClientAnswer {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const rest = bytes.subarray(end + 4);
  const body = headers['transfer-encoding'] === 'chunked' ? unchunk(rest) : rest;
  return { status: Number(start.split(' ')[1]), headers, body: body.toString('utf8') };
}

function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    const size = parseInt(bytes.toString('latin1', at, line), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
}

function placeOf({ hostname, port, protocol }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (protocol === 'https:' ? 443 : 80)) };
}
