// Why the API refused, and what to do about it. Pure.
import { refusalText, type Secret, type ServiceAnswer } from 'claviger/sdk';

/** What `refusalText` makes of the answer, in which `sent` are masked, and a hint. */
export function whyRefused(
  answer: ServiceAnswer,
  key: string,
  sent: readonly Secret[],
): { readonly why: string; readonly hint: string | undefined } {
  return { why: refusalText(answer, sent), hint: hintFor(answer.status, key) };
}

function hintFor(status: number, key: string): string | undefined {
  if (status === 401)
    return 'the service account token is not accepted by this cluster; is token_file the one of this pod?';
  if (status === 403)
    return 'allow the service account the verbs create and patch for this Secret (Role and RoleBinding)';
  if (status === 404) return 'the namespace does not exist';
  if (status === 409) return `somebody else owns the key "${key}"; choose another key, or remove it there first`;
  if (status === 422) return 'the Secret may be immutable, or a name is not valid';
  return undefined;
}
