// What a role asks of a proven token and of the names in the login body. Pure; the refusals are 400s. (Spec auth-wire 5.4.)
import { fault } from '../backend.js';
import type { Fields } from '../backend.js';
import { optionalText } from '../fields.js';
import { bindsMachine } from './azure-role.js';
import type { AzureRole } from './azure-role.js';
import type { Claims } from './jwt-claims.js';

/** The machine as the login names it; empty texts are absent. */
export interface NamedMachine {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly vm: string;
  readonly vmss: string;
  readonly resourceId: string;
}

const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const GROUP = /^[\w.()-]*[\w()-]$/;
const NAME = /^[A-Za-z][\w.-]*$/;

/** A claim as text; empty when it is none. */
export function textClaim(claims: Claims, name: string): string {
  const value = claims[name];
  return typeof value === 'string' ? value : '';
}

/** Reads the names. Throws 400 for one of the wrong form. */
export function namedMachine(body: Fields): NamedMachine {
  const text = (name: string, form: RegExp): string => {
    const value = optionalText(body, name) ?? '';
    if (value !== '' && !form.test(value)) throw fault(400, `invalid ${name}`);
    return value;
  };
  return {
    subscription: text('subscription_id', GUID),
    resourceGroup: text('resource_group_name', GROUP),
    vm: text('vm_name', NAME),
    vmss: text('vmss_name', NAME),
    resourceId: text('resource_id', /^\/subscriptions\//i),
  };
}

/** The caller's object id is bound, and one of its groups. Throws 400. */
export function checkPrincipal(role: AzureRole, claims: Claims): void {
  const { principals, groups } = role;
  if (principals.length === 0 && groups.length === 0) {
    throw fault(400, 'expected specific bound_group_ids or bound_service_principal_ids');
  }
  const id = textClaim(claims, 'oid');
  if (principals.length > 0 && !principals.includes('*') && !principals.includes(id)) {
    throw fault(400, `service principal not authorized: ${id}`);
  }
  const own = Array.isArray(claims['groups']) ? claims['groups'].map(String) : [];
  if (groups.length > 0 && !groups.includes('*') && !own.some((group) => groups.includes(group))) {
    throw fault(400, `groups not authorized: [${own.join(' ')}]`);
  }
}

/** Subscription, group and scale set are bound; what is bound by place is decided when the machine is known. Throws 400. */
export function checkNames(role: AzureRole, machine: NamedMachine, claims: Claims): void {
  if (!bindsMachine(role)) return;
  const { subscription, resourceGroup, vmss } = machine;
  if (subscription === '' || resourceGroup === '')
    throw fault(400, 'subscription_id and resource_group_name are required');
  if (!allows(role.subscriptions, subscription)) throw fault(400, `subscription not authorized: ${subscription}`);
  if (!allows(role.resourceGroups, resourceGroup)) throw fault(400, `resource group not authorized: ${resourceGroup}`);
  if (role.scaleSets.length > 0 && (vmss === '' || !allows(role.scaleSets, vmss))) {
    throw fault(400, `vm scale set not authorized: ${vmss}`);
  }
  checkNamedInToken(machine, claims);
}

/** An empty list allows all; Azure's names have no case. */
export const allows = (list: readonly string[], value: string): boolean =>
  list.length === 0 || list.some((one) => one.toLowerCase() === value.toLowerCase());

// The token says which resource it was given to; a caller must not name another machine.
function checkNamedInToken({ vm, vmss, resourceId }: NamedMachine, claims: Claims): void {
  const ids = ['xms_az_rid', 'xms_mirid'].map((name) => claims[name]).filter((id) => typeof id === 'string');
  const holds = (part: string): boolean => ids.some((id) => `${id.toLowerCase()}/`.includes(part.toLowerCase()));
  if (vmss !== '') {
    if (holds(`/virtualMachines/${vmss}_`) || holds(`/virtualMachineScaleSets/${vmss}/`)) return;
    throw fault(400, `the token was not given to scale set ${vmss}`);
  }
  const part = vm === '' ? resourceId : `/virtualMachines/${vm}`;
  if (part === '') throw fault(400, 'vm_name, vmss_name or resource_id is required');
  if (!holds(`${part}/`)) throw fault(400, `the token was not given to ${vm === '' ? resourceId : vm}`);
}
