// Response wrapping: putting an answer behind a one-time token, and the `wrap_info` that stands in its place.
import type { Namespace } from '../mounts/namespaces.js';
import { envelopeText } from '../wire/envelope.js';
import type { Envelope, WrapInfo } from '../wire/envelope.js';
import { moment } from '../wire/moment.js';
import type { World } from '../world.js';
import { issueToken } from './issue-token.js';
import type { TokenEntry, Wrapped } from './token-entry.js';

/** Puts an answer behind a new wrapping token of a namespace. */
export function wrapAnswer(world: World, namespace: Namespace, parcel: Omit<Wrapped, 'text'>): TokenEntry {
  const wrapped: Wrapped = { ...parcel, text: envelopeText(parcel.envelope) };
  return issueToken(world, {
    namespace,
    policies: ['response-wrapping'],
    path: parcel.creationPath,
    displayName: '',
    ttlMs: parcel.ttlMs,
    explicitMaxTtlMs: parcel.ttlMs,
    numUses: 1,
    renewable: false,
    wrapped,
  }).entry;
}

/** The envelope that a caller gets instead of the wrapped one. */
export function wrappingEnvelope(entry: TokenEntry, wrapped: Wrapped, wrappedAccessor: string): Envelope {
  const info: WrapInfo = {
    token: entry.id,
    accessor: entry.accessor,
    ttl: Math.floor(wrapped.ttlMs / 1000),
    creation_time: moment(entry.createdAtMs),
    creation_path: wrapped.creationPath,
    ...(wrappedAccessor === '' ? {} : { wrapped_accessor: wrappedAccessor }),
  };
  return { requestId: '', wrapInfo: info };
}
