// The HTTP/1.1 serialisation that the reference hashes (spec cache C-2, C-3), from the raw parts of a request. Pure.
import type { HashInput } from 'claviger/sdk';

const DEFAULT_AGENT = 'Go-http-client/1.1';
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND', 'SEARCH']);
/** Written in a place of their own, or left out by the reference. */
const PLACED = new Set(['host', 'user-agent', 'content-length', 'transfer-encoding', 'trailer', 'connection']);
const LEFT_OUT = new Set(['x-vault-index', 'x-vault-forward', 'x-vault-inconsistent']);

/** Serialises a request. Text is taken as latin1, which is how Node hands over header bytes. */
export function wireForm(input: HashInput): Buffer {
  const headers = sortHeaders(input);
  const first = (name: string): string | undefined => headers.find((header) => header.lower === name)?.value;
  const chunked = isChunked(input, first('content-length'), first('transfer-encoding'));
  // A question mark in the path can only be an encoded one.
  const path = input.path.replaceAll('?', '%3F');
  const target = input.query === '' ? path : `${path}?${input.query}`;
  const agent = first('user-agent') ?? DEFAULT_AGENT;
  const lines = [
    `${input.method} ${target} HTTP/1.1`,
    `Host: ${first('host') ?? ''}`,
    ...(agent === '' ? [] : [`User-Agent: ${agent}`]),
    ...connectionLines(first('connection')),
    ...framingLines(chunked, input.body.length),
    ...headers.filter(isOther).map(({ name, value }) => `${name}: ${value}`),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat([head, ...bodyParts(input.body, chunked)]);
}

interface Header {
  readonly name: string;
  readonly lower: string;
  readonly value: string;
}

function sortHeaders({ headers }: HashInput): Header[] {
  const list: Header[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? '';
    list.push({ name: canonicalName(name), lower: name.toLowerCase(), value: (headers[i + 1] ?? '').trim() });
  }
  return list.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function isOther({ lower, value }: Header): boolean {
  if (lower === 'connection') return value.toLowerCase() !== 'close';
  return !PLACED.has(lower) && !LEFT_OUT.has(lower);
}

/** Capitals at the start and after each hyphen, as Go writes header names. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

function connectionLines(connection: string | undefined): string[] {
  return connection?.toLowerCase() === 'close' ? ['Connection: close'] : [];
}

function framingLines(chunked: boolean, length: number): string[] {
  if (chunked) return ['Transfer-Encoding: chunked'];
  return length > 0 ? [`Content-Length: ${length}`] : [];
}

/** Chunk framing stands for an unknown length, and for an empty body where a method usually has one. */
function isChunked({ method, body }: HashInput, length: string | undefined, encoding: string | undefined): boolean {
  if (body.length === 0) return !WITHOUT_BODY.has(method);
  return length === undefined && encoding !== undefined;
}

function bodyParts(body: Uint8Array, chunked: boolean): Uint8Array[] {
  if (!chunked) return [body];
  const end = Buffer.from('0\r\n\r\n');
  if (body.length === 0) return [end];
  return [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n'), end];
}
