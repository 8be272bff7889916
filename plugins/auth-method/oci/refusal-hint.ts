// What a refusal of the server means, in words of this method (the texts are those of the server's plugin). Pure.

/** Whom the login was for. */
export interface LoginFacts {
  readonly role: string;
  readonly mount: string;
  readonly type: string;
}

type Clue = readonly [pattern: RegExp, advice: (login: LoginFacts) => string];

const CLUES: readonly Clue[] = [
  [/clock|skew|\bdate\b/i, () => 'the clocks of this machine and of Oracle Cloud differ by more than five minutes'],
  [/Role is not found|invalid role/i, ({ role, mount }) => `there is no role "${role}" at ${mount}`],
  [
    /Home Tenancy|Invalid Tenancy/i,
    ({ mount }) => `compare home_tenancy_id of ${mount}/config with the tenancy of these credentials`,
  ],
  [
    /not a part of|membership/i,
    ({ role, type }) =>
      `the ${type === 'instance' ? 'dynamic groups of this instance' : 'groups of this user'} are not in ocid_list of role "${role}"`,
  ],
  [/request-target/i, () => 'something between agent and server changes the path of the login'],
];

/** Advice for a refusal, or undefined for one that tells nothing of credentials. */
export function refusalHint(status: number, errors: readonly string[], login: LoginFacts): string | undefined {
  const text = errors.join(' ');
  const clue = CLUES.find(([pattern]) => pattern.test(text));
  if (clue !== undefined) return clue[1](login);
  if (![400, 401, 403].includes(status)) return undefined;
  const { role, mount } = login;
  return `check the clock of this machine, that role "${role}" exists at ${mount}, and that its ocid_list holds a group of this principal`;
}
