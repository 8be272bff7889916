// A secret that reached nobody is revoked in the background, as far as the token may. It must not know why nobody got it.
import { Secret, describeError, type Logger, type Vault } from '../sdk/index.js';
import type { Exchange } from '../contracts/exchange.js';
import { envelopeOf, parseJson } from './envelope.js';
import { placeOfLease, placeOfToken } from './lease-namespace.js';
import { canonicalPath } from './request-path.js';

/** A secret to give back. */
export type GivenBack =
  | { readonly by: 'lease'; readonly lease: string; readonly token: Secret | undefined; readonly namespace: string }
  | { readonly by: 'token'; readonly token: Secret; readonly namespace: string };

/** What an answer brought that can be revoked: its lease with the token of the request, or its token with itself. */
export function givenBackOf(exchange: Exchange, body: Uint8Array): GivenBack | undefined {
  const envelope = envelopeOf(parseJson(body));
  if (envelope === undefined || envelope.wrapped) return undefined;
  const path = canonicalPath(exchange.path);
  if (envelope.leaseId !== '') {
    const { namespace } = placeOfLease(exchange.namespace, path, envelope.leaseId);
    return { by: 'lease', lease: envelope.leaseId, token: exchange.token, namespace };
  }
  const { auth } = envelope;
  if (auth === undefined || auth.token === '' || auth.batch) return undefined;
  return { by: 'token', token: new Secret(auth.token), namespace: placeOfToken(exchange.namespace, path).namespace };
}

/** Revokes it. Never rejects; what the server refuses is a debug line. */
export async function giveBack(
  what: GivenBack,
  { vault, log }: { readonly vault: Vault; readonly log: Logger },
): Promise<void> {
  const call = { token: what.token, namespace: what.namespace };
  try {
    const { status } =
      what.by === 'lease'
        ? await vault.request('PUT', 'sys/leases/revoke', { ...call, body: { lease_id: what.lease } })
        : await vault.request('POST', 'auth/token/revoke-self', call);
    log.debug({ kind: what.by, status }, 'revoked a secret that nobody got');
  } catch (error) {
    log.debug({ kind: what.by, why: describeError(error) }, 'could not revoke a secret that nobody got');
  }
}
