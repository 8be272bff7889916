// Sources for an application with a client secret, a client certificate or a trusted token, by files or the environment. Read for each login.
import { AgentError, readCredential, Secret } from 'claviger/sdk';
import { certificateAssertion } from './certificate-assertion.js';
import { ASSERTION_TYPE, entraToken, tokenUrl, type Application } from './entra.js';
import type { Scene } from './settings.js';
import type { AccessToken, TokenSource } from './token-source.js';

/** Ids of the application. */
export interface Ids {
  readonly tenantId: string;
  readonly clientId: string;
}

/** Where a credential is: in a file, or (secrets of the environment) already in hand. `what` names it. */
export type Place =
  | { readonly what: string; readonly path: string; readonly text?: undefined }
  | { readonly what: string; readonly path?: undefined; readonly text: Secret };

const FEDERATED = 'federated token';

type Proof = Pick<Application, 'proof' | 'sent'> & { readonly credential: string };

/** A client secret. */
export function secretSource(scene: Scene, ids: Ids, place: Place): TokenSource {
  return source(scene, { kind: 'client secret', ids, place }, (secret) => ({
    proof: { client_secret: secret.reveal() },
    sent: [secret],
    credential: secret.reveal(),
  }));
}

/** A certificate with its key, as PEM; each attempt signs anew (rule 6). */
export function certificateSource(scene: Scene, ids: Ids, place: Place, password?: Secret): TokenSource {
  const hint = 'it must be PEM: openssl pkcs12 -nodes converts a PKCS#12 file';
  return source(scene, { kind: 'client certificate', ids, place, hint }, (pem) => {
    const url = tokenUrl(scene.env, ids.tenantId);
    const order = { pem, password, what: place.what, audience: url, clientId: ids.clientId, nowMs: scene.clock.now() };
    const { assertion, thumbprint } = certificateAssertion(order);
    return { proof: assertionProof(assertion), sent: [assertion], credential: thumbprint };
  });
}

/** A token that the application trusts (workload identity). */
export function federatedSource(scene: Scene, ids: Ids, place: Place): TokenSource {
  return source(scene, { kind: FEDERATED, ids, place }, (token) => ({
    proof: assertionProof(token),
    sent: [token],
    credential: token.reveal(),
  }));
}

const assertionProof = (assertion: Secret): Record<string, string> => ({
  client_assertion_type: ASSERTION_TYPE,
  client_assertion: assertion.reveal(),
});

interface Order {
  readonly kind: string;
  readonly ids: Ids;
  readonly place: Place;
  /** What to do about a file that is no text. */
  readonly hint?: string;
}

function source(scene: Scene, order: Order, prove: (text: Secret) => Proof): TokenSource {
  const { kind, ids, place } = order;
  const fetch = async (signal: AbortSignal): Promise<AccessToken> => {
    const content = await contentOf(order, signal);
    const { proof, sent, credential } = prove(content);
    const jwt = await entraToken(scene, { ...ids, what: place.what, proof, sent }, signal);
    // A federated token is replaced every hour by one that says the same; that is no better credential.
    const isWatched = place.path !== undefined && kind !== FEDERATED;
    const file = isWatched ? { path: place.path, content } : undefined;
    return { jwt, credential: new Secret(`${ids.clientId}\n${credential}`), isFromInstance: false, file };
  };
  return { name: `${kind} (${place.path ?? place.what})`, unavailable: undefined, fetch };
}

async function contentOf({ place: { what, path, text }, hint }: Order, signal: AbortSignal): Promise<Secret> {
  if (text !== undefined) return text;
  try {
    return (await readCredential(path, { what, signal })).text;
  } catch (error) {
    if (hint === undefined || !(error instanceof AgentError) || error.code !== 'AUTH_CREDENTIAL_INVALID') throw error;
    throw new AgentError(error.code, error.act, error.message, { at: error.at, hint });
  }
}
