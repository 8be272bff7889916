// What a refusal of the server means, in words of this method (the texts are those of the server's plugin). Pure.

/** Whom the login was for. */
export interface LoginFor {
  readonly role: string;
  readonly mount: string;
}

type Clue = readonly [pattern: RegExp, advice: (login: LoginFor) => string];

const CLUES: readonly Clue[] = [
  [
    /too old|too far in the future/i,
    () => 'the clocks of this machine and of the server differ; the server allows 300 s back and 60 s ahead by default',
  ],
  [
    /no matching IP address/i,
    () =>
      'the server sees another address than the certificate has (something in between?); see disable_ip_matching of the role',
  ],
  [/no matching role|invalid role/i, ({ role, mount }) => `there is no role "${role}" at ${mount}`],
  [/no CA is configured/i, ({ mount }) => `write identity_ca_certificates to ${mount}/config`],
  [/expected 2 certs|no intermediate|no identity cert/i, () => 'the file of the certificate must hold exactly two'],
  [/doesn't match role constraints/i, ({ role }) => `compare the bound_*_ids of role "${role}" with this application`],
];

/** Advice for a refusal, or undefined for a status that tells nothing of credentials. */
export function refusalHint(status: number, errors: readonly string[], login: LoginFor): string | undefined {
  const text = errors.join(' ');
  const clue = CLUES.find(([pattern]) => pattern.test(text));
  if (clue !== undefined) return clue[1](login);
  if (status !== 400 && status !== 403) return undefined;
  const { role, mount } = login;
  return `check that role "${role}" exists at ${mount}, is bound to this application, and that the server trusts the authority of the instance certificate`;
}
