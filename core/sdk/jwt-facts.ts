// What can be said about a JSON web token without its key: is it one, and when is it good. It verifies nothing and gives away no claim but its times
// and its subject.
import { agentError } from './errors.js';
import type { Secret } from './secret.js';

/** Times are wall clock, milliseconds; absent claims are absent. */
export interface JwtFacts {
  readonly expiresAt?: number;
  readonly notBefore?: number;
  /** The claim `sub`. Not for messages. */
  readonly subject?: string;
}

const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The facts of a token in compact form (RFC 7515 7.1), or undefined when the text is none. White space around it does not count. */
export function jwtFacts(token: Secret): JwtFacts | undefined {
  const text = token.reveal().trim();
  return COMPACT.test(text) ? factsIn(text.split('.')[1] ?? '') : undefined;
}

/**
 * Throws AUTH_CREDENTIAL_INVALID when the text is no JSON web token, so that whatever was put there by mistake is not sent. `what` names the source;
 * the message says how long the text is and nothing of it.
 */
export function requireJwt(token: Secret, what: string, hint?: string): JwtFacts {
  const facts = jwtFacts(token);
  if (facts !== undefined) return facts;
  const why = `it is no JSON web token (${String(token.length)} characters, not three parts with dots between)`;
  throw agentError('AUTH_CREDENTIAL_INVALID', { what, why }, { hint });
}

/** Why the times of a token may have it refused now, by the clock of this machine; undefined when they are fine. */
export function jwtTimeTrouble(facts: JwtFacts, nowMs: number): string | undefined {
  const { expiresAt, notBefore } = facts;
  if (expiresAt !== undefined && expiresAt <= nowMs)
    return `it expired ${seconds(nowMs - expiresAt)} ago by the clock of this machine`;
  if (notBefore !== undefined && notBefore > nowMs)
    return `it is not good before ${seconds(notBefore - nowMs)} from now by the clock of this machine; compare the clocks`;
  return undefined;
}

const seconds = (ms: number): string => `${String(Math.ceil(ms / 1000))} s`;

function factsIn(payload: string): JwtFacts {
  const claims = parsed(payload);
  const [exp, nbf, sub] = [claims['exp'], claims['nbf'], claims['sub']];
  return {
    ...(typeof exp === 'number' && { expiresAt: exp * 1000 }),
    ...(typeof nbf === 'number' && { notBefore: nbf * 1000 }),
    ...(typeof sub === 'string' && { subject: sub }),
  };
}

function parsed(payload: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
