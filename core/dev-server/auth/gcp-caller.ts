// Who a proven token belongs to: a service account that exists, or an instance that runs; and whether the role is bound to it. (Spec auth-wire 6.3.)
import { fault } from '../backend.js';
import type { GcpConfig } from './gcp-config.js';
import { accountOf, instanceOf } from './gcp-google.js';
import { checkAccountBound, checkPlaceBound, checkProjectBound } from './gcp-role.js';
import type { GcpRole } from './gcp-role.js';
import type { Claims } from './jwt-claims.js';

/** What a token of the server tells of the caller. */
export interface GcpCaller {
  readonly alias: string;
  readonly displayName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

type Subject = Claims & { readonly sub: string };

/** The service account of an iam login. Rejects with 400. */
export async function iamCaller(config: GcpConfig, role: GcpRole, claims: Subject, nowMs: number): Promise<GcpCaller> {
  if (claims['google'] !== undefined && !role.allowsInference) {
    throw fault(400, 'the role does not allow identity tokens of instances');
  }
  const account = await accountOf(config, claims.sub, nowMs);
  if (account === undefined) throw fault(400, `service account ${claims.sub} does not exist`);
  checkAccountBound(role, account);
  checkProjectBound(role, account.project);
  const metadata = {
    project_id: account.project,
    service_account_id: account.id,
    service_account_email: account.email,
  };
  return { alias: account.id, displayName: account.email, metadata };
}

/** The instance of a gce login. Rejects with 400. */
export async function gceCaller(config: GcpConfig, role: GcpRole, claims: Subject, nowMs: number): Promise<GcpCaller> {
  const place = placeOf(claims);
  const instance = await instanceOf(config, place, nowMs);
  if (instance === undefined || instance.id !== place.id) throw fault(400, `instance ${place.name} does not exist`);
  if (instance.status !== 'RUNNING') throw fault(400, `instance ${place.name} is not running`);
  checkProjectBound(role, place.project);
  checkPlaceBound(role, place.zone, instance.labels);
  const email = typeof claims['email'] === 'string' ? claims['email'] : '';
  checkAccountBound(role, { email, id: claims.sub });
  const metadata = { project_id: place.project, zone: place.zone, instance_id: place.id, instance_name: place.name };
  return { alias: place.id, displayName: place.name, metadata: { ...metadata, service_account_id: claims.sub } };
}

function placeOf(claims: Claims): {
  readonly project: string;
  readonly zone: string;
  readonly name: string;
  readonly id: string;
} {
  const google = claims['google'] as { readonly compute_engine?: Readonly<Record<string, unknown>> } | undefined;
  const engine = google?.compute_engine;
  const [project, zone, name, id] = ['project_id', 'zone', 'instance_name', 'instance_id'].map((key) => engine?.[key]);
  if (typeof project !== 'string' || typeof zone !== 'string' || typeof name !== 'string' || typeof id !== 'string') {
    throw fault(400, 'expected JWT to have claims with GCE metadata');
  }
  return { project, zone, name, id };
}
