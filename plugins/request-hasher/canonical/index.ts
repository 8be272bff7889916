// Request hasher canonical (the default): requests that mean the same to the server get the same digest. What could mean something else makes
// another digest; only a fixed list of headers is ignored. On the path of every cached request: no promises, no URL class, one hash call.
import { hash } from 'node:crypto';
import { plugin, type HashInput, type RequestHasher } from 'claviger/sdk';
import { canonicalBody } from './canonical-body.js';
import { canonicalHeaders } from './canonical-headers.js';
import { canonicalPath, canonicalQuery } from './canonical-target.js';

@plugin()
export default class Canonical implements RequestHasher {
  digest(input: HashInput): string {
    return hash('sha256', canonicalForm(input), 'base64url');
  }
}

/** The text that is hashed. Each part carries its length, so that no part can pass for a piece of its neighbour. */
export function canonicalForm({ method, path, query, headers, body }: HashInput): string {
  const verb = method === 'POST' ? 'PUT' : method;
  const where = canonicalPath(path);
  const asked = query === '' ? '' : canonicalQuery(query);
  const said = canonicalHeaders(headers);
  const content = body.length === 0 ? '' : canonicalBody(body);
  return `${verb.length} ${where.length} ${asked.length} ${said.length} ${verb}${where}${asked}${said}${content}`;
}
