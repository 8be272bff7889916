// What a login under MFA asks for, and which of the methods a time-based passcode can answer. Pure.
import { agentError, type AgentError } from '../../sdk/index.js';
import { serverWords } from '../server-words.js';

/** One second factor that the server offers. */
export interface OfferedMethod {
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

/** `mfa_requirement` of a login's answer (spec auth-wire 1.4). Every constraint wants one of its methods. */
export interface MfaRequirement {
  readonly requestId: string;
  readonly constraints: readonly { readonly name: string; readonly methods: readonly OfferedMethod[] }[];
}

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads the block; undefined when there is none (`null` normally). Unknown shapes give a requirement without methods. */
export function requirementOf(block: unknown): MfaRequirement | undefined {
  const requirement = fields(block);
  if (requirement === undefined) return undefined;
  const constraints = Object.entries(fields(requirement['mfa_constraints']) ?? {});
  return {
    requestId: text(requirement['mfa_request_id']),
    constraints: constraints.map(([name, constraint]) => ({ name, methods: methodsOf(fields(constraint)?.['any']) })),
  };
}

const methodsOf = (list: unknown): OfferedMethod[] =>
  (Array.isArray(list) ? (list as unknown[]) : []).map((item) => {
    const method = fields(item) ?? {};
    return { type: text(method['type']), id: text(method['id']), name: text(method['name']) };
  });

/** The methods of a requirement for people: `totp "phone" (820997b3-...)`. Server words, so they are cleaned and capped. */
export function methodNames({ constraints }: MfaRequirement): string {
  const all = constraints.flatMap(({ methods }) => methods);
  const known = new Map(all.map((method) => [`${method.type} ${method.id}`, method]));
  const names = [...known.values()].map(
    ({ type, id, name }) =>
      `${type === '' ? 'unknown' : type}${name === '' ? '' : ` "${name}"`}${id === '' ? '' : ` (${id})`}`,
  );
  return names.length === 0 ? 'it names no method' : serverWords([names.join(', ')]);
}

/**
 * The one TOTP method that answers every constraint: the configured one by id or name, else the only one offered. AUTH_MFA_REQUIRED names the methods
 * when there is none or the choice is not clear.
 */
export function chooseTotp(requirement: MfaRequirement, wanted: string): OfferedMethod {
  const { constraints } = requirement;
  const offers = constraints.map(({ methods }) => methods.filter((method) => fits(method, wanted)));
  const ids = new Set(offers.flat().map(({ id }) => id));
  const [only] = [...ids].filter((id) => offers.every((methods) => methods.some((method) => method.id === id)));
  const chosen = offers[0]?.find(({ id }) => id === only);
  if (chosen === undefined) throw unanswerable(requirement, hintFor(wanted, ids.size));
  if (ids.size > 1) throw unanswerable(requirement, 'name one of them with mfa { totp { method = "..." } }');
  return chosen;
}

const fits = ({ type, id, name }: OfferedMethod, wanted: string): boolean =>
  type === 'totp' && id !== '' && (wanted === '' || wanted === id || wanted === name);

function hintFor(wanted: string, offered: number): string {
  if (offered > 0)
    return 'one passcode cannot answer all of its enforcements; exempt this role from all but one method';
  return wanted === ''
    ? 'none of them is TOTP; exempt this role from the login enforcement, or add a TOTP method to it'
    : `mfa.totp.method is "${wanted}"; correct it`;
}

/** AUTH_MFA_REQUIRED, naming the methods that the server offers. */
export const unanswerable = (requirement: MfaRequirement, hint: string): AgentError =>
  agentError('AUTH_MFA_REQUIRED', { methods: methodNames(requirement) }, { hint });

/** The hint for a login under MFA without an `mfa` block. */
export const noFactorHint = ({ constraints }: MfaRequirement): string =>
  constraints.some(({ methods }) => methods.some(({ type }) => type === 'totp'))
    ? 'give the method an mfa { totp { secret_file = "..." } } block, or exempt this role from the login enforcement'
    : 'an agent can only answer TOTP; exempt this role from the login enforcement';
