// Roles of the `aws` engine: reading, showing, and which kind of credentials a request gets. Texts follow the vendor's engine.
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalDuration, optionalList, optionalText } from '../fields.js';

/** What can be issued. */
export const CREDENTIAL_TYPES = ['iam_user', 'assumed_role', 'federation_token', 'session_token'] as const;

/** One of `CREDENTIAL_TYPES`. */
export type CredentialType = (typeof CREDENTIAL_TYPES)[number];

/** A role; zero TTLs mean the engine's values. */
export interface AwsRole {
  readonly types: readonly CredentialType[];
  readonly policyArns: readonly string[];
  readonly policyDocument: string;
  readonly roleArns: readonly string[];
  readonly groups: readonly string[];
  readonly defaultStsTtlMs: number;
  readonly maxStsTtlMs: number;
}

/** The role after a write. Throws 400. */
export function readAwsRole(body: Fields, before: AwsRole | undefined): AwsRole {
  const types = optionalList(body, 'credential_type') ?? before?.types;
  if (types === undefined || types.length === 0) throw fault(400, 'did not supply credential_type');
  const unknown = types.find((type) => !isType(type));
  if (unknown !== undefined) throw fault(400, `unrecognized credential_type: ${unknown}`);
  const role: AwsRole = {
    types: types.filter(isType),
    policyArns: optionalList(body, 'policy_arns') ?? before?.policyArns ?? [],
    policyDocument: optionalText(body, 'policy_document') ?? before?.policyDocument ?? '',
    roleArns: optionalList(body, 'role_arns') ?? before?.roleArns ?? [],
    groups: optionalList(body, 'iam_groups') ?? before?.groups ?? [],
    defaultStsTtlMs: optionalDuration(body, 'default_sts_ttl') ?? before?.defaultStsTtlMs ?? 0,
    maxStsTtlMs: optionalDuration(body, 'max_sts_ttl') ?? before?.maxStsTtlMs ?? 0,
  };
  check(role);
  return role;
}

function isType(type: string): type is CredentialType {
  return (CREDENTIAL_TYPES as readonly string[]).includes(type);
}

function check(role: AwsRole): void {
  const has = (type: CredentialType) => role.types.includes(type);
  if (has('assumed_role') && role.roleArns.length === 0) {
    throw fault(400, 'cannot supply assumed_role credential type without role_arns');
  }
  if (!has('assumed_role') && role.roleArns.length > 0) {
    throw fault(400, "cannot supply role_arns when credential_type isn't assumed_role");
  }
  if (role.maxStsTtlMs > 0 && role.defaultStsTtlMs > role.maxStsTtlMs) {
    throw fault(400, '"default_sts_ttl" value must be less than or equal to "max_sts_ttl" value');
  }
}

/** The answer to a read of a role. */
export function shownAwsRole(role: AwsRole): Fields {
  return {
    credential_type: role.types.join(','),
    default_sts_ttl: role.defaultStsTtlMs / 1000,
    external_id: '',
    iam_groups: [...role.groups],
    iam_tags: null,
    max_sts_ttl: role.maxStsTtlMs / 1000,
    mfa_serial_number: '',
    permissions_boundary_arn: '',
    policy_arns: [...role.policyArns],
    policy_document: role.policyDocument,
    role_arns: [...role.roleArns],
    session_tags: null,
    user_path: '',
  };
}

/** The kind a request gets: the one it names, or the only one the role has. Throws 400. */
export function typeFor(name: string, role: AwsRole, path: 'creds' | 'sts', body: Fields): CredentialType {
  const asked = optionalText(body, 'credential_type') ?? '';
  if (asked !== '' && !role.types.some((type) => type === asked)) {
    throw fault(400, `role '${name}' does not allow credential type ${asked}`);
  }
  const type = role.types.find((candidate) => candidate === asked) ?? role.types[0];
  if (type === undefined || (asked === '' && role.types.length > 1)) {
    throw fault(400, `did not supply credential_type and role '${name}' allows more than one`);
  }
  if (path === 'sts' && type === 'iam_user') {
    throw fault(
      400,
      'attempted to retrieve iam_user credentials through the sts path; this is not allowed for legacy reasons',
    );
  }
  return type;
}

/** The ARN to assume: the one the request names, or the only one. Throws 400. */
export function roleArnFor(name: string, role: AwsRole, body: Fields): string {
  const asked = optionalText(body, 'role_arn') ?? '';
  if (asked === '' && role.roleArns.length !== 1) {
    throw fault(400, 'did not supply a role_arn parameter and unable to determine one');
  }
  const arn = asked === '' ? role.roleArns[0] : role.roleArns.find((candidate) => candidate === asked);
  if (arn === undefined) throw fault(400, `role_arn "${asked}" not in allowed role arns for Vault role "${name}"`);
  return arn;
}
