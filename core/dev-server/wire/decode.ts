// From an HTTP request to what the server works with: verb, path, namespace, fields, token, wrapping. It judges form only.
import { fault } from '../backend.js';
import type { Fields, Operation } from '../backend.js';
import { readDuration } from '../../kernel/duration.js';
import { queryFields, readBody } from './body.js';

/** The raw parts of a request. */
export interface RawCall {
  readonly method: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly remoteAddress: string;
  readonly certificates: readonly Uint8Array[];
}

/** A decoded request; its path still has its namespace. */
export interface Call extends RawCall {
  readonly operation: Operation;
  readonly fields: Fields;
  readonly token: string;
  readonly namespaceHeader: string;
  readonly wrapMs: number;
  readonly header: (name: string) => string | undefined;
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  GET: 'read',
  HEAD: 'read',
  POST: 'write',
  PUT: 'write',
  DELETE: 'delete',
  LIST: 'list',
  SCAN: 'scan',
  PATCH: 'patch',
};

/** Throws 400, 405 or 415 faults. */
export function decodeCall(raw: RawCall): Call {
  const operation = operationOf(raw);
  const header = (name: string): string | undefined => firstHeader(raw.rawHeaders, name);
  const hasBody = operation === 'write' || operation === 'patch';
  if (operation === 'patch') checkPatchType(header('content-type'));
  const fields = hasBody ? readBody(raw.body, header('content-type') ?? '') : queryFields(raw.query);
  const listing = operation === 'list' || operation === 'scan';
  return {
    ...raw,
    path: listing && !raw.path.endsWith('/') ? `${raw.path}/` : raw.path,
    operation,
    fields,
    header,
    token: tokenOf(raw.rawHeaders),
    namespaceHeader: header('x-vault-namespace') ?? '',
    wrapMs: wrapMs(header('x-vault-wrap-ttl')),
  };
}

/** The first header of a name, whatever its case. */
export function firstHeader(rawHeaders: readonly string[], name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === name.toLowerCase()) return rawHeaders[at + 1];
  }
  return undefined;
}

/** The token of a request: X-Vault-Token, else a bearer; empty without one. */
export function tokenOf(rawHeaders: readonly string[]): string {
  return firstHeader(rawHeaders, 'x-vault-token') ?? bearer(firstHeader(rawHeaders, 'authorization'));
}

function operationOf(raw: RawCall): Operation {
  const operation = OPERATIONS[raw.method];
  if (raw.method === 'OPTIONS') throw fault(400, 'cannot handle internal-only request operation');
  if (operation === undefined) throw fault(405);
  if (raw.method === 'HEAD' && raw.path !== 'sys/health') throw fault(405);
  if (raw.method !== 'GET') return operation;
  if (raw.query.get('list') === 'true') return 'list';
  return raw.query.get('scan') === 'true' ? 'scan' : operation;
}

function checkPatchType(contentType: string | undefined): void {
  const type = (contentType ?? '').split(';')[0]?.trim() ?? '';
  if (type === '') throw fault(400, 'mime: no media type');
  if (type !== 'application/merge-patch+json')
    throw fault(415, `PATCH requires Content-Type of application/merge-patch+json, provided ${type}`);
}

function bearer(authorization: string | undefined): string {
  return /^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1] ?? '';
}

function wrapMs(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const reading = readDuration(text);
  const prefix = 'error parsing X-Vault-Wrap-TTL header: ';
  if ('error' in reading) throw fault(400, prefix + reading.error);
  if (reading.ms < 0) throw fault(400, `${prefix}requested wrap ttl cannot be negative`);
  return reading.ms;
}
