// Writes an answer to the wire with the headers that every answer of the server has.
import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.js';

/** Sends an answer. `namespace` is echoed when the request named one. */
export function send(outgoing: ServerResponse, answer: Answer, namespace: string | undefined): void {
  if (outgoing.destroyed) return;
  const headers: Record<string, string> = {
    'Cache-Control': 'no-store',
    'Content-Type': answer.contentType,
    ...answer.headers,
    'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  };
  if (namespace !== undefined) headers['X-Vault-Namespace'] = namespace;
  if (answer.status !== 204) headers['Content-Length'] = String(Buffer.byteLength(answer.body));
  outgoing.writeHead(answer.status, headers);
  outgoing.end(answer.status === 204 ? undefined : answer.body);
}
