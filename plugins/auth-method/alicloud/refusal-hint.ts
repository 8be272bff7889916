// What a refusal of the server means, in words of this method (the texts are those of the server's plugin and of the service it asks). Pure.

/** What the login was made with. */
export interface LoginFacts {
  readonly role: string;
  readonly mount: string;
  readonly region: string;
  readonly isUserKey: boolean;
}

type Clue = readonly [pattern: RegExp, advice: (login: LoginFacts) => string];

const USER_KEY =
  'the access key belongs to a user, and the server accepts assumed roles only: set role_arn, or use the role of the instance';

const CLUES: readonly Clue[] = [
  [/InvalidTimeStamp/, () => 'the clocks of this machine and of Alibaba Cloud differ'],
  [/only .* arn types are supported/, () => USER_KEY],
  [/entry for role .* not found/, ({ role, mount }) => `there is no role "${role}" at ${mount}`],
  [/arn does not match/, ({ role }) => `the credentials are of another RAM role than role "${role}" is bound to`],
  [
    /expected host of|query RegionId/,
    ({ region }) => `the server does not know a Security Token Service for region "${region}"`,
  ],
  [/SignatureDoesNotMatch|InvalidAccessKeyId|InvalidSecurityToken/, () => 'the access key is wrong or has expired'],
];

/** Advice for a refusal, or undefined for one that tells nothing of credentials. */
export function refusalHint(status: number, errors: readonly string[], login: LoginFacts): string | undefined {
  const text = errors.join(' ');
  const clue = CLUES.find(([pattern]) => pattern.test(text));
  if (clue !== undefined) return clue[1](login);
  if (login.isUserKey && status < 503) return USER_KEY;
  if (status !== 400 && status !== 403) return undefined;
  return `check that role "${login.role}" exists at ${login.mount} and is bound to the RAM role of these credentials`;
}
