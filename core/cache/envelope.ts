// The envelope of a Vault answer, as far as the cache looks at it. Pure and total: what does not fit is undefined (D-37).

/** `auth` of an answer: a token. */
export interface AuthPart {
  readonly token: string;
  readonly accessor: string;
  readonly ttlMs: number;
  readonly renewable: boolean;
  readonly orphan: boolean;
  readonly batch: boolean;
  readonly numUses: number;
}

/** The parts of an answer. */
export interface Envelope {
  readonly leaseId: string;
  readonly leaseTtlMs: number;
  readonly renewable: boolean;
  readonly auth: AuthPart | undefined;
  readonly wrapped: boolean;
  /** The login is not finished: a second factor is asked for. */
  readonly mfa: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** An object that is not an array, or undefined. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** A string, or the empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const secondsOf = (value: unknown): number =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0;

/** Parsed JSON, or undefined. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** The envelope in a JSON value, or undefined when it is none. */
export function envelopeOf(value: unknown): Envelope | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  return {
    leaseId: textOf(fields.lease_id),
    leaseTtlMs: secondsOf(fields.lease_duration) * 1000,
    renewable: fields.renewable === true,
    auth: authOf(fieldsOf(fields.auth)),
    wrapped: fieldsOf(fields.wrap_info) !== undefined,
    mfa: fieldsOf(fieldsOf(fields.auth)?.mfa_requirement) !== undefined,
  };
}

function authOf(auth: Fields | undefined): AuthPart | undefined {
  if (auth === undefined) return undefined;
  return {
    token: textOf(auth.client_token),
    accessor: textOf(auth.accessor),
    ttlMs: secondsOf(auth.lease_duration) * 1000,
    renewable: auth.renewable === true,
    orphan: auth.orphan === true,
    batch: auth.token_type === 'batch',
    numUses: secondsOf(auth.num_uses),
  };
}
