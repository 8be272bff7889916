// Why the server refused, in words of this method. Pure. (Spec auth-wire 4.2 "Server checks", 4.4.)

/** What the refused login was made with. */
export interface Attempted {
  readonly role: string;
  readonly mount: string;
  /** Absent for ec2. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Wall clock, ISO 8601. */
  readonly at: string;
}

type Rule = readonly [sign: RegExp, text: (attempted: Attempted) => string];

const CLOCK = ({ at }: Attempted): string =>
  `the clock of this machine says ${at}; AWS accepts signatures for 15 minutes only`;

const RULES: readonly Rule[] = [
  [
    /scoped to a valid region/i,
    ({ region = '?', endpoint = '?' }) =>
      `this login is signed for region ${region} and ${endpoint}; it must be the region of sts_endpoint and sts_region on the server (default us-east-1), or set use_sts_region_from_client there`,
  ],
  [/signature expired|not yet current|RequestExpired/i, CLOCK],
  [
    /SignatureDoesNotMatch|signature we calculated/i,
    () => 'the secret key does not belong to the access key, or a proxy changed the request',
  ],
  [
    /InvalidClientTokenId|security token included in the request is invalid/i,
    () => 'the access key does not exist, is not active, or lacks its session token',
  ],
  [/ExpiredToken|token included in the request is expired/i, () => 'the temporary credentials have expired'],
  [/X-Vault-AWS-IAM-Server-ID/i, () => 'header_value must be what iam_server_id_header_value says on the server'],
  [/invalid request header/i, () => 'the server allows only the headers of allowed_sts_header_values'],
  [
    /client nonce mismatch/i,
    () =>
      'this instance logged in with another nonce before: use that one (nonce_file keeps it), or remove the instance from identity-accesslist on the server',
  ],
  [
    /reauthentication is disabled/i,
    () => 'this instance may log in only once; remove it from identity-accesslist on the server',
  ],
  [
    /does not belong to (the )?role|does not satisfy the constraint/i,
    ({ role }) => `role "${role}" is bound to other principals or instances`,
  ],
  [/entry for role/i, ({ role, mount }) => `there is no role "${role}" at ${mount}`],
  [/not allowed for role/i, ({ role }) => `auth_type of role "${role}" is another one than type here`],
  [
    /verify the instance identity document|PKCS#?7|verify the signature/i,
    () => 'the server needs the AWS certificate of this region (config/certificate)',
  ],
];

/** The hint for a refusal, or undefined. */
export function refusalHint(status: number, errors: readonly string[], attempted: Attempted): string | undefined {
  const words = errors.join('\n');
  const rule = RULES.find(([sign]) => sign.test(words));
  if (rule !== undefined) return rule[1](attempted);
  return status === 403 ? `is there an aws auth method at ${attempted.mount}?` : undefined;
}
