// What a server's answer to a login means. Pure: an answer comes in, a grant or an error for people comes out; it must not know who asked.
import { agentError, Secret, type AgentError, type VaultAnswer } from '../sdk/index.js';
import { noFactorHint, requirementOf, unanswerable, type MfaRequirement } from './mfa/requirement.js';
import { serverWords } from './server-words.js';
import { wrapInfoText } from './wrap.js';

/** A token that the server gave or confirmed. `wrapped`: the token is the wrap_info JSON with its newline. */
export interface Grant {
  readonly form: 'plain' | 'wrapped';
  readonly token: Secret;
  readonly accessor: string;
  readonly policies: readonly string[];
  readonly renewable: boolean;
  readonly kind: 'service' | 'batch' | 'unknown';
  /** 0: does not expire, or nobody knows. */
  readonly ttlMs: number;
  /** Entity of the token; absent when it has none or nobody knows. */
  readonly entityId?: string | undefined;
  /** Requests that the token is good for; absent when there is no limit or nobody knows. */
  readonly numUses?: number | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.filter((v) => typeof v === 'string') : []);
const secondsToMs = (value: unknown): number => (typeof value === 'number' && value > 0 ? value * 1000 : 0);
const kindOf = (value: unknown): Grant['kind'] => (value === 'service' || value === 'batch' ? value : 'unknown');
const entityOf = ({ entity_id: id }: Fields): { entityId?: string } => (text(id) === '' ? {} : { entityId: text(id) });
const usesOf = ({ num_uses: uses }: Fields): { numUses?: number } =>
  typeof uses === 'number' && uses > 0 ? { numUses: uses } : {};
const bad = (why: string): AgentError => agentError('AUTH_BAD_ANSWER', { why });

/** The `errors` list of an answer; without one its `warnings`, where kerberos says why it refused (spec auth-wire 10.2). */
export function errorsOf(answer: VaultAnswer): string[] {
  const errors = texts(fields(answer.body)?.errors);
  return errors.length > 0 ? errors : texts(fields(answer.body)?.warnings);
}

/** AUTH_REFUSED for an answer of 400 and above; server words are capped and cleaned, texts in `secrets` masked. */
export function refusal(answer: VaultAnswer, secrets: readonly string[], hint?: string): AgentError {
  const errors = serverWords(errorsOf(answer), secrets);
  return agentError(
    'AUTH_REFUSED',
    { status: answer.status, errors: errors === '' ? 'no reason given' : errors },
    { hint, cause: { status: answer.status } },
  );
}

/** Whether the server judged the credential and said no: AUTH_REFUSED with 400 or 403. Anything else may be its own trouble. */
export function isVerdict({ code, cause }: AgentError): boolean {
  const status = code === 'AUTH_REFUSED' ? fields(cause)?.status : undefined;
  return status === 400 || status === 403;
}

/** The second factor that a login's answer asks for; undefined when it asks for none. */
export function mfaOf(answer: VaultAnswer): MfaRequirement | undefined {
  return requirementOf(fields(fields(answer.body)?.auth)?.mfa_requirement);
}

/** The grant in a login's answer. Throws AUTH_BAD_ANSWER or AUTH_MFA_REQUIRED; the status must be below 400. */
export function grantOfLogin(answer: VaultAnswer): Grant {
  const auth = fields(fields(answer.body)?.auth);
  if (auth === undefined) throw bad('it has no auth block');
  const requirement = requirementOf(auth.mfa_requirement);
  if (requirement) throw unanswerable(requirement, noFactorHint(requirement));
  if (text(auth.client_token) === '') throw bad('its token is empty');
  const kind = kindOf(auth.token_type);
  return {
    form: 'plain',
    token: new Secret(text(auth.client_token)),
    accessor: text(auth.accessor),
    policies: texts(auth.policies),
    renewable: auth.renewable === true && kind !== 'batch',
    kind,
    ttlMs: secondsToMs(auth.lease_duration),
    ...entityOf(auth),
    ...usesOf(auth),
  };
}

const WRAPPED_NOTHING = { methods: 'it wrapped an empty token, so its methods cannot be seen' };
const WRAPPED_HINT =
  'remove wrap_ttl of the method, or exempt this role from the login enforcement; a role that issues batch tokens cannot be told from this';

/**
 * The grant of a login with `wrap_ttl`: the wrap_info JSON. Throws AUTH_BAD_ANSWER, and AUTH_MFA_REQUIRED when nothing is wrapped that has an accessor:
 * a login under MFA answers with an empty token, which nobody could use (rule 5.2; a batch token looks the same).
 */
export function grantOfWrapping(answer: VaultAnswer): Grant {
  const info = fields(fields(answer.body)?.wrap_info);
  if (info === undefined || text(info.token) === '') throw bad('wrap_ttl is set, but it has no wrap_info with a token');
  const accessor = text(info.wrapped_accessor);
  if (accessor === '') throw agentError('AUTH_MFA_REQUIRED', WRAPPED_NOTHING, { hint: WRAPPED_HINT });
  return {
    form: 'wrapped',
    token: new Secret(wrapInfoText(info)),
    accessor,
    policies: [],
    renewable: false,
    kind: 'unknown',
    ttlMs: secondsToMs(info.ttl),
  };
}

/** The grant of a token that the method already held, from lookup-self. Throws AUTH_BAD_ANSWER. */
export function grantOfLookup(answer: VaultAnswer, token: Secret): Grant {
  const data = fields(fields(answer.body)?.data);
  if (data === undefined || text(data.id) === '') throw bad('lookup-self has no data.id');
  const kind = kindOf(data.type);
  return {
    form: 'plain',
    token,
    accessor: text(data.accessor),
    policies: texts(data.policies),
    renewable: data.renewable === true && kind !== 'batch',
    kind,
    ttlMs: secondsToMs(data.ttl),
    ...entityOf(data),
    ...usesOf(data),
  };
}

/** A token that is known to live, and nothing else of it (its policies do not allow lookup-self). */
export function grantOfLiving(token: Secret): Grant {
  return { form: 'plain', token, accessor: '', policies: [], renewable: false, kind: 'unknown', ttlMs: 0 };
}

/** What a renewal's answer says; undefined when it has no auth block. */
export function renewalOf(answer: VaultAnswer): { readonly ttlMs: number; readonly renewable: boolean } | undefined {
  const auth = fields(fields(answer.body)?.auth);
  if (auth === undefined) return undefined;
  return { ttlMs: secondsToMs(auth.lease_duration), renewable: auth.renewable !== false };
}
