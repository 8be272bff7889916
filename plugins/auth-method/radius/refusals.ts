// What the refusals of the server's RADIUS method mean, in words for the operator. Knows no password and no user.

/** Advice for a refusal; undefined when the server's own words must do. */
export function explained(status: number, words: string, mount: string): string | undefined {
  if (status === 403) return `the user may be locked after wrong passwords, or there is no radius method at ${mount}`;
  if (status !== 400 && status !== 500) return undefined;
  if (/not configured/i.test(words)) return `the method at ${mount} has no configuration; write ${mount}/config`;
  if (/deadline|timeout|connection refused|dial /i.test(words))
    return 'the RADIUS server did not answer the server in time; a wrong shared secret in its configuration looks just like that';
  if (/policies/i.test(words))
    return `the password is right, but the user has no policies; write ${mount}/users/<name> or unregistered_user_policies`;
  if (/denied/i.test(words)) return 'the RADIUS server does not take this user with this password';
  return undefined;
}
