// The calls that keep one entry alive, sent with the token that made it, the looking up of an entry, and the proof that a token
// lives (corrections). None of them throws.
import { Secret, describeError, type Vault, type VaultAnswer } from '../sdk/index.js';
import type { Entry } from './entry.js';
import { fieldsOf } from './envelope.js';
import { isGone, judgeRenewal, type RenewalOutcome } from './renewal-answer.js';

/** How calls are made. `namespace` is the configured one, where the identities' tokens live. */
export interface UpkeepOptions {
  readonly vault: Vault;
  readonly namespace: string;
  readonly signal?: AbortSignal;
}

/** Renews an entry. Where the token's namespace and the lease's differ, a 403 in the first is tried in the second. */
export async function renewEntry(
  entry: Entry,
  incrementSeconds: number,
  options: UpkeepOptions,
): Promise<RenewalOutcome> {
  const by = entry.kind === 'lease' ? 'lease' : 'token';
  const increment = { increment: incrementSeconds };
  const path = by === 'lease' ? 'sys/leases/renew' : 'auth/token/renew-self';
  const body = by === 'lease' ? { lease_id: entry.lease, ...increment } : increment;
  try {
    const answer = await inTurn(entry, options, (call) => options.vault.request('PUT', path, { ...call, body }));
    return judgeRenewal(by, answer);
  } catch (error) {
    return { kind: 'failed', why: describeError(error) };
  }
}

/** Whether the token behind an entry lives: a read that every live token may do and that spends no use. */
export async function tokenLives(entry: Entry, options: UpkeepOptions): Promise<'alive' | 'dead' | 'unknown'> {
  try {
    const { status } = await inTurn(entry, options, (call) =>
      options.vault.request('GET', 'sys/internal/ui/mounts', call),
    );
    if (status === 200) return 'alive';
    return status === 403 ? 'dead' : 'unknown';
  } catch {
    return 'unknown';
  }
}

/** What a look at the server says. `ttlMs` 0 is a token without end. `refused`: 403, or the server has no such endpoint. */
export type Looked =
  { readonly kind: 'alive'; readonly ttlMs: number } | { readonly kind: 'dead' | 'refused' | 'unclear' };

/** Looks an entry up. A lease is alive when the answer is 200 and its ttl above 0. */
export async function lookUp(entry: Entry, options: UpkeepOptions): Promise<Looked> {
  try {
    return entry.kind === 'lease' ? await lookUpLease(entry, options) : await lookUpToken(entry, options);
  } catch {
    return { kind: 'unclear' };
  }
}

async function lookUpLease(entry: Entry, options: UpkeepOptions): Promise<Looked> {
  const body = { lease_id: entry.lease };
  const { status, body: answer } = await inTurn(entry, options, (call) =>
    options.vault.request('PUT', 'sys/leases/lookup', { ...call, body }),
  );
  if (status === 200) {
    const ttlMs = ttlOf(answer);
    return ttlMs !== undefined && ttlMs > 0 ? { kind: 'alive', ttlMs } : { kind: 'dead' };
  }
  if (status === 400) return { kind: isGone(answer) ? 'dead' : 'unclear' };
  return { kind: status === 403 || status === 404 || status === 405 ? 'refused' : 'unclear' };
}

async function lookUpToken(entry: Entry, options: UpkeepOptions): Promise<Looked> {
  const { status, body } = await inTurn(entry, options, (call) =>
    options.vault.request('GET', 'auth/token/lookup-self', call),
  );
  if (status === 200) {
    const ttlMs = ttlOf(body);
    if (ttlMs === undefined) return { kind: 'unclear' };
    return ttlMs <= 0 && hasEnd(body) ? { kind: 'dead' } : { kind: 'alive', ttlMs: Math.max(0, ttlMs) };
  }
  return { kind: status === 403 || status === 404 || status === 405 ? 'refused' : 'unclear' };
}

function ttlOf(body: unknown): number | undefined {
  const ttl = fieldsOf(fieldsOf(body)?.data)?.ttl;
  return typeof ttl === 'number' && Number.isFinite(ttl) ? ttl * 1000 : undefined;
}

// Whole seconds are told: in its last one a token has a ttl of 0, as one without end has.
function hasEnd(body: unknown): boolean {
  const end = fieldsOf(fieldsOf(body)?.data)?.expire_time;
  return end !== undefined && end !== null;
}

/** The entry of the token that made this one; the entry itself when it is a token. */
export function ownerOf(entry: Entry): Entry | undefined {
  return entry.kind === 'lease' ? entry.parent : entry;
}

interface Call {
  readonly token: Secret;
  readonly namespace: string;
  readonly signal?: AbortSignal;
}

async function inTurn(
  entry: Entry,
  { namespace, signal }: UpkeepOptions,
  send: (call: Call) => Promise<VaultAnswer>,
): Promise<VaultAnswer> {
  const owner = ownerOf(entry);
  const token = new Secret(owner?.token ?? '');
  const rest = signal === undefined ? {} : { signal };
  const first = owner === undefined || owner.kind === 'identity' ? namespace : owner.home.namespace;
  const answer = await send({ token, namespace: first, ...rest });
  if (answer.status !== 403 || first === entry.home.namespace) return answer;
  return send({ token, namespace: entry.home.namespace, ...rest });
}
