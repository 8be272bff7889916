// Calls to Google's token services: a form or JSON goes there, a text member of the JSON answer comes back. It knows no grant.
import { callService, type Clock } from 'claviger/sdk';
import { textOf, type Refused } from './answers.js';

/** Scope of all of Google Cloud; what the account may do is decided by its permissions. */
export const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** A question. */
export interface Question {
  readonly url: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Sent as a form; `json` as JSON. */
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: object;
  readonly bearer?: string | undefined;
  /** The member of the answer that is wanted. */
  readonly member: string;
  readonly refused: Refused;
}

// Services of the internet, not of this machine.
const TIMEOUT_MS = 10_000;

/** Throws AUTH_CREDENTIAL_INVALID with what Google said, or a SERVICE_ code. */
export async function askGoogle({
  url,
  clock,
  signal,
  form,
  json,
  bearer,
  member,
  refused,
}: Question): Promise<string> {
  const answer = await callService({
    url,
    clock,
    method: 'POST',
    headers: {
      Accept: 'application/json',
      'Content-Type': form === undefined ? 'application/json' : 'application/x-www-form-urlencoded',
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
    },
    body: form === undefined ? JSON.stringify(json) : new URLSearchParams(form).toString(),
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  return textOf(answer, member, refused);
}
