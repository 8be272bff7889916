// What the refusals of the server's GitHub method mean, in words for the operator. Knows no token.

/** Advice for a refusal; undefined when the server's own words must do. */
export function explained(status: number, words: string, mount: string): string | undefined {
  if (status === 403) return `there is no github method at ${mount}, or token_bound_cidrs shuts this address out`;
  if (status !== 400 && status !== 500) return undefined;
  if (/configuration has not been set/i.test(words))
    return `the method at ${mount} has no configuration; write ${mount}/config`;
  if (/part of required org/i.test(words))
    return 'GitHub knows the token, but its user is not in the organization, or the token may not read it (scope read:org, or no single sign-on granted)';
  if (/\b401\b|bad credentials/i.test(words))
    return 'GitHub does not take the token: it is wrong, expired or revoked; make a new one';
  if (/\b403\b|rate limit/i.test(words))
    return 'GitHub refuses the token for now: a rate limit, or the token lacks the scope read:org';
  return 'the server could not ask GitHub; look at base_url in its configuration and at its way to the internet';
}
