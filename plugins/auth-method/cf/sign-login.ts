// The signature of one login of Cloud Foundry (auth-wire 8). Pure but for the random salt.
import { constants, sign, type KeyObject } from 'node:crypto';

/** What is signed. */
export interface Signed {
  readonly certText: string;
  readonly role: string;
  /** As `signingTime` gives it. */
  readonly time: string;
}

/** `2026-01-31T12:00:00Z`: UTC without fractions. */
export function signingTime(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}

/** `v1:` and the base64 of an RSASSA-PSS signature with SHA-256 and the longest salt, over time, certificate text and role one after another. */
export function signLogin({ certText, role, time }: Signed, key: KeyObject): string {
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };
  return `v1:${sign('sha256', Buffer.from(`${time}${certText}${role}`), { key, ...padding }).toString('base64')}`;
}
