// What the refusals of the server's Okta method mean: in words for the operator, and whether a push can have been sent. Knows no password.

/** True when these words come from a step before any push: the password, the choice of a factor, or the check of a passcode. */
export function provesNoPush(status: number, words: string): boolean {
  if (status !== 400) return false;
  if (/E0000004|E0000068|not configured|provider .* not among|locked out|password is expired/i.test(words)) return true;
  return /passcode parameter is required|factor is required|enrollment must be completed/i.test(words);
}

/** Advice for a refusal; undefined when the server's own words must do. */
export function explained(status: number, words: string, mount: string): string | undefined {
  if (status === 403) return `there is no okta method at ${mount}, or token_bound_cidrs shuts this address out`;
  if (status !== 400) return undefined;
  return ADVICE.find(([pattern]) => pattern.test(words))?.[1];
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/E0000004/, 'Okta does not take this user with this password'],
  [
    /E0000068/,
    'Okta does not take the passcode: compare the clock of this machine and the secret in totp_secret_file_path',
  ],
  [/E0000011/, 'the API token in the configuration of the server is not valid at Okta'],
  [/not configured/i, 'the method has no configuration; write its config'],
  [/locked out/i, 'unlock the user at Okta'],
  [/expired/i, 'set a new password at Okta'],
  [/multi-factor authentication denied/i, 'somebody said no to the push; find out who before you try again'],
  [/failed to complete multi-factor/i, 'nobody approved the push in time'],
  [/passcode parameter is required/i, 'the user has no push factor; set totp_secret_file_path'],
  [
    /factor is required/i,
    'enroll Okta Verify or a TOTP authenticator for the user, or set bypass_okta_mfa at the server',
  ],
];
