// The calls that keep one entry alive, sent with the token that made it, and the proof that such a token lives (corrections).
import { Secret, describeError, type Vault, type VaultAnswer } from '../sdk/index.js';
import type { Entry } from './entry.js';
import { judgeRenewal, type RenewalOutcome } from './renewal-answer.js';

/** How calls are made. `namespace` is the configured one, where the identities' tokens live. */
export interface UpkeepOptions {
  readonly vault: Vault;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** Renews an entry; never throws. Where the token's namespace and the lease's differ, a 403 in the first is tried in the second. */
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

/** Whether the token behind an entry lives: a read that every live token may do and that spends no use. Never throws. */
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

/** The entry of the token that made this one; the entry itself when it is a token. */
export function ownerOf(entry: Entry): Entry | undefined {
  return entry.kind === 'lease' ? entry.parent : entry;
}

interface Call {
  readonly token: Secret;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

async function inTurn(
  entry: Entry,
  { namespace, signal }: UpkeepOptions,
  send: (call: Call) => Promise<VaultAnswer>,
): Promise<VaultAnswer> {
  const owner = ownerOf(entry);
  const token = new Secret(owner?.token ?? '');
  const first = owner === undefined || owner.kind === 'identity' ? namespace : owner.home.namespace;
  const answer = await send({ token, namespace: first, signal });
  if (answer.status !== 403 || first === entry.home.namespace) return answer;
  return send({ token, namespace: entry.home.namespace, signal });
}
