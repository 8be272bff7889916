// One role of the `aws` method: reading and showing its fields. No login here. (Vault API: "AWS auth method".)
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalFlag, optionalList, optionalText } from '../fields.js';
import { NO_PARAMS, readTokenParams, shownTokenParams } from './token-params.js';
import type { TokenParams } from './token-params.js';

const BOUNDS = [
  'bound_account_id',
  'bound_ami_id',
  'bound_ec2_instance_id',
  'bound_iam_instance_profile_arn',
  'bound_iam_principal_arn',
  'bound_iam_role_arn',
  'bound_region',
  'bound_subnet_id',
  'bound_vpc_id',
] as const;

/** Name of a list that narrows a role. */
export type AwsBound = (typeof BOUNDS)[number];

/** A role. */
export interface AwsRole {
  readonly id: string;
  readonly authType: string;
  readonly bounds: Readonly<Record<AwsBound, readonly string[]>>;
  readonly resolveUniqueIds: boolean;
  readonly allowInstanceMigration: boolean;
  readonly disallowReauthentication: boolean;
  readonly token: TokenParams;
}

/** A role before its first write. */
export function freshAwsRole(id: string): AwsRole {
  return {
    id,
    authType: 'iam',
    bounds: Object.fromEntries(BOUNDS.map((name) => [name, []])) as unknown as AwsRole['bounds'],
    resolveUniqueIds: true,
    allowInstanceMigration: false,
    disallowReauthentication: false,
    token: NO_PARAMS,
  };
}

/** The role after a write. Throws 400 for what the server refuses. */
export function changedAwsRole(before: AwsRole, body: Fields): AwsRole {
  const bounds = Object.fromEntries(BOUNDS.map((name) => [name, optionalList(body, name) ?? before.bounds[name]]));
  const role: AwsRole = {
    id: before.id,
    authType: optionalText(body, 'auth_type') ?? before.authType,
    bounds: bounds as unknown as AwsRole['bounds'],
    resolveUniqueIds: optionalFlag(body, 'resolve_aws_unique_ids') ?? before.resolveUniqueIds,
    allowInstanceMigration: optionalFlag(body, 'allow_instance_migration') ?? before.allowInstanceMigration,
    disallowReauthentication: optionalFlag(body, 'disallow_reauthentication') ?? before.disallowReauthentication,
    token: readTokenParams(body, before.token),
  };
  check(role);
  return role;
}

function check(role: AwsRole): void {
  if (role.authType !== 'iam' && role.authType !== 'ec2') throw fault(400, `unrecognized auth_type: ${role.authType}`);
  if (Object.values(role.bounds).every((list) => list.length === 0))
    throw fault(400, 'at least be one bound parameter should be specified on the role');
  if (role.authType === 'ec2' && role.bounds.bound_iam_principal_arn.length > 0)
    throw fault(400, 'specified bound_iam_principal_arn when not specifying iam auth_type');
  if (role.allowInstanceMigration && role.disallowReauthentication)
    throw fault(400, 'cannot specify both disallow_reauthentication=true and allow_instance_migration=true');
}

/** The answer to a read of the role. */
export function shownAwsRole(role: AwsRole): Fields {
  return {
    ...Object.fromEntries(BOUNDS.map((name) => [name, role.bounds[name].length === 0 ? null : [...role.bounds[name]]])),
    ...shownTokenParams(role.token),
    allow_instance_migration: role.allowInstanceMigration,
    auth_type: role.authType,
    disallow_reauthentication: role.disallowReauthentication,
    inferred_aws_region: '',
    inferred_entity_type: '',
    resolve_aws_unique_ids: role.resolveUniqueIds,
    role_id: role.id,
    role_tag: '',
  };
}
