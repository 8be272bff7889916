// ARNs of Alibaba Cloud's access management, as far as the `alicloud` method reads them. Pure; texts of faults as the server's.
import { fault } from '../backend.js';

/** A role, or a session of it. */
export interface Arn {
  readonly full: string;
  readonly account: string;
  readonly type: 'role' | 'assumed-role';
  readonly roleName: string;
}

/** Reads `acs:ram::123:role/name` or `acs:ram::123:assumed-role/name/session`. Throws the given status. */
export function parseArn(full: string, status: number, prefix: string): Arn {
  const refuse = (why: string) => fault(status, `${prefix}${why}`);
  const fields = full.split(':');
  if (full === '') throw refuse('no arn provided');
  if (fields.length !== 5)
    throw refuse(`unrecognized arn: contains ${String(fields.length)} colon-separated fields, expected 5`);
  const [acs, service, , account = '', entity = ''] = fields;
  if (acs !== 'acs') throw refuse('unrecognized arn: does not begin with "acs:"');
  if (service !== 'ram') throw refuse(`unrecognized service: ${service ?? ''}, not ram`);
  const [type = '', roleName = ''] = entity.split('/');
  if (roleName === '') throw refuse(`unrecognized arn: "${entity}" contains fewer than 2 slash-separated roleFields`);
  if (type !== 'role' && type !== 'assumed-role') throw refuse(`unsupported parsed type: ${type}`);
  return { full, account, type, roleName };
}

/** Whether the session is one of the role. */
export function isSessionOf(session: Arn, role: Arn): boolean {
  return (
    session.type === 'assumed-role' &&
    role.type === 'role' &&
    session.account === role.account &&
    session.roleName === role.roleName
  );
}
