// The checks of registered claims (RFC 7519) with the server's leeways and texts. Pure; signatures are somebody else's.
/** What a token must say. Leeways in milliseconds: 0 means the default, negative means none. */
export interface Expected {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly expirationLeewayMs: number;
  readonly notBeforeLeewayMs: number;
  readonly clockSkewLeewayMs: number;
  /** Accept tokens without any time (old Kubernetes secret tokens). */
  readonly timeless?: boolean;
}

/** Claims of a token, unproven. */
export type Claims = Readonly<Record<string, unknown>>;

const MISSING_LEEWAY_MS = 150_000;
const SKEW_MS = 60_000;

/** The first thing wrong with the claims, in the server's words and order; undefined when all is well. */
export function claimProblem(claims: Claims, expected: Expected, nowMs: number): string | undefined {
  const times = timesOf(claims);
  const timeless = times.issuedAt === 0 && times.notBefore === 0 && times.expires === 0;
  if (timeless && expected.timeless !== true) {
    return 'no issued at (iat), not before (nbf), or expiration time (exp) claims in token';
  }
  if (expected.issuer !== '' && claims['iss'] !== expected.issuer) return 'invalid issuer (iss) claim';
  if (expected.subject !== '' && claims['sub'] !== expected.subject) return 'invalid subject (sub) claim';
  const audience = audienceProblem(claims, expected.audiences);
  return audience ?? (timeless ? undefined : timeProblem(times, expected, nowMs));
}

interface Times {
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly expires: number;
}

function timesOf(claims: Claims): Times {
  const ms = (name: string) => (typeof claims[name] === 'number' ? claims[name] * 1000 : 0);
  return { issuedAt: ms('iat'), notBefore: ms('nbf'), expires: ms('exp') };
}

function timeProblem(times: Times, expected: Expected, nowMs: number): string | undefined {
  const skew = leeway(expected.clockSkewLeewayMs, SKEW_MS);
  const late = Math.max(times.issuedAt, times.notBefore) + leeway(expected.expirationLeewayMs, MISSING_LEEWAY_MS);
  const expires = times.expires === 0 ? late : times.expires;
  const early = times.issuedAt === 0 ? expires - leeway(expected.notBeforeLeewayMs, MISSING_LEEWAY_MS) : times.issuedAt;
  const notBefore = times.notBefore === 0 ? early : times.notBefore;
  if (notBefore > nowMs + skew) return 'invalid not before (nbf) claim: token not yet valid';
  if (expires <= nowMs - skew) return 'invalid expiration time (exp) claim: token is expired';
  if (times.issuedAt > nowMs + skew) return 'invalid issued at (iat) claim: token issued in the future';
  return undefined;
}

function leeway(setMs: number, usualMs: number): number {
  if (setMs < 0) return 0;
  return setMs === 0 ? usualMs : setMs;
}

/** The texts of `aud`, which may be one text or a list. */
export function audiencesOf(claims: Claims): string[] {
  const aud = claims['aud'];
  if (typeof aud === 'string') return [aud];
  return Array.isArray(aud) ? aud.filter((item) => typeof item === 'string') : [];
}

/** What is wrong with the audience; no expected audiences accept every token. */
export function audienceProblem(claims: Claims, expected: readonly string[]): string | undefined {
  if (expected.length === 0 || audiencesOf(claims).some((aud) => expected.includes(aud))) return undefined;
  return 'invalid audience (aud) claim: audience claim does not match any expected audience';
}
