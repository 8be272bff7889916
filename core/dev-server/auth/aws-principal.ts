// Who an AWS ARN names: the parts that roles are bound to. Pure. (AWS: "IAM identifiers".)

/** A principal. `name` is the role's or the user's. */
export interface Principal {
  readonly account: string;
  readonly name: string;
  /** `arn:aws:iam::123456789012:role/app`: also for sessions of that role, and without a path. */
  readonly canonical: string;
}

/** The principal of an ARN of IAM or STS; undefined for anything else. */
export function principalOf(arn: string): Principal | undefined {
  const match = /^arn:(aws[\w-]*):(iam|sts)::(\d{12}):(user|role|assumed-role)\/(.+)$/.exec(arn);
  if (match === null) return undefined;
  const [, partition = '', , account = '', kind = '', rest = ''] = match;
  const parts = rest.split('/');
  const name = (kind === 'assumed-role' ? parts[0] : parts.at(-1)) ?? '';
  const type = kind === 'assumed-role' ? 'role' : kind;
  return { account, name, canonical: `arn:${partition}:iam::${account}:${type}/${name}` };
}

/** Whether one of the bound ARNs, which may end in `*`, names this principal. */
export function isBound(bound: readonly string[], principal: Principal): boolean {
  return bound.some((arn) =>
    arn.endsWith('*')
      ? principal.canonical.startsWith(arn.slice(0, -1))
      : (principalOf(arn)?.canonical ?? arn) === principal.canonical,
  );
}
