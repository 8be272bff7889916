// The standard answer envelope (spec 6.1): its members, their order, and the texts made of it. It issues nothing itself.
import type { Fields } from '../backend.js';
import { jsonLine, sorted } from './json.js';

/** The `auth` member, in the order of the wire. */
export interface AuthBlock {
  readonly client_token: string;
  readonly accessor: string;
  /** Null while a second factor is missing. */
  readonly policies: readonly string[] | null;
  readonly token_policies?: readonly string[];
  readonly identity_policies?: readonly string[];
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly lease_duration: number;
  readonly renewable: boolean;
  readonly entity_id: string;
  readonly token_type: string;
  readonly orphan: boolean;
  readonly mfa_requirement: Fields | null;
  readonly num_uses: number;
}

/** The `wrap_info` member. */
export interface WrapInfo {
  readonly token: string;
  readonly accessor: string;
  readonly ttl: number;
  readonly creation_time: string;
  readonly creation_path: string;
  readonly wrapped_accessor?: string;
}

/** Everything an enveloped answer says. */
export interface Envelope {
  readonly requestId: string;
  readonly leaseId?: string;
  readonly renewable?: boolean;
  readonly leaseDurationS?: number;
  readonly data?: Fields | null | undefined;
  readonly wrapInfo?: WrapInfo | undefined;
  readonly warnings?: readonly string[] | undefined;
  readonly auth?: AuthBlock | undefined;
  /** Members of `data` that are repeated at the top (some `sys` paths), in this order. */
  readonly inlined?: Fields | undefined;
}

/** Body text of an envelope. */
export function envelopeText(envelope: Envelope): string {
  const auth = envelope.auth;
  return jsonLine({
    ...(envelope.inlined === undefined ? {} : sorted(envelope.inlined)),
    request_id: envelope.requestId,
    lease_id: envelope.leaseId ?? '',
    renewable: envelope.renewable ?? false,
    lease_duration: envelope.leaseDurationS ?? 0,
    data: envelope.data === undefined ? null : sorted(envelope.data),
    wrap_info: envelope.wrapInfo ?? null,
    warnings: envelope.warnings?.length ? envelope.warnings : null,
    auth: auth === undefined ? null : { ...auth, metadata: sorted(auth.metadata) },
  });
}

/** Body text of an error answer. */
export function errorText(errors: readonly string[]): string {
  return jsonLine({ errors });
}
