// Under which name an answer is shared: equal only for requests that the server would answer alike, whoever of the agents sends them. Pure.
import { createHash } from 'node:crypto';
import type { Exchange } from '../../contracts/exchange.js';

/** Prefix of the records; clear of all names of instances, which begin with a letter or a digit. */
export const SHARED_PREFIX = '@x/';

/** Characters of a cache key that bind token and namespace (key.ts); what follows tells requests apart. */
const BINDING_LENGTH = 43;

/** Whose answers these are: not the token, but what it may do and who it is. */
export interface Standing {
  readonly cluster: string;
  /** Path of the login without a trailing slash, with its namespace. */
  readonly mount: string;
  readonly entityId: string;
  readonly policies: readonly string[];
}

/** The key; undefined when it is not surely known whose answer it is. */
export function shareKeyOf(standing: Standing, { namespace }: Exchange, cacheKey: string): string | undefined {
  const { cluster, mount, entityId, policies } = standing;
  const request = cacheKey.slice(BINDING_LENGTH);
  if (cluster === '' || entityId === '' || policies.length === 0 || request === '') return undefined;
  const parts = [cluster, namespace, mount, entityId, [...new Set(policies)].sort(), request];
  return SHARED_PREFIX + createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
