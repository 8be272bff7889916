// Asks a Kubernetes API server about a token (authentication.k8s.io/v1 TokenReview) and reads the answer strictly.
import { httpCall } from './http-call.js';
import { audiencesOf } from './jwt-claims.js';
import type { Claims } from './jwt-claims.js';

/** Where and with what to ask. */
export interface Reviewer {
  readonly host: string;
  readonly ca: string;
  /** Bearer token of the asker. */
  readonly bearer: string;
}

/** Whose token it is, by the word of the API server. */
export interface Reviewed {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Resolves with the account. Rejects with a plain Error when the token is refused, another audience is meant or nobody answers. */
export async function reviewToken(reviewer: Reviewer, jwt: string, claims: Claims): Promise<Reviewed> {
  const audiences = audiencesOf(claims);
  const spec = { token: jwt, ...(audiences.length > 0 ? { audiences } : {}) };
  const answer = await httpCall({
    method: 'POST',
    url: `${reviewer.host.replace(/\/+$/, '')}/apis/authentication.k8s.io/v1/tokenreviews`,
    headers: {
      Authorization: `Bearer ${reviewer.bearer}`,
      'Content-Type': 'application/json',
      Accept: 'application/json',
    },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec }),
    ca: reviewer.ca,
  });
  if (answer.status < 200 || answer.status > 299) throw new Error(`lookup failed: status ${String(answer.status)}`);
  return accountOf(JSON.parse(answer.text) as unknown, audiences);
}

interface Status {
  readonly error?: unknown;
  readonly authenticated?: unknown;
  readonly audiences?: unknown;
  readonly user?: { readonly username?: unknown; readonly uid?: unknown } | null;
}

function accountOf(review: unknown, asked: readonly string[]): Reviewed {
  const status: Status = (review as { status?: Status | null } | null)?.status ?? {};
  if (typeof status.error === 'string' && status.error !== '') throw new Error(`lookup failed: ${status.error}`);
  if (status.authenticated !== true) throw new Error('lookup failed: service account jwt not valid');
  const meant = Array.isArray(status.audiences) ? status.audiences : [];
  if (asked.length > 0 && !asked.some((audience) => meant.includes(audience))) {
    throw new Error('lookup failed: the review is for another audience');
  }
  const username = status.user?.username;
  const [system, kind, namespace, name, ...more] = (typeof username === 'string' ? username : '').split(':');
  if (system !== 'system' || kind !== 'serviceaccount' || !namespace || !name || more.length > 0) {
    throw new Error('lookup failed: unexpected username format');
  }
  return { namespace, name, uid: typeof status.user?.uid === 'string' ? status.user.uid : '' };
}
