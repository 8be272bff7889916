// A login as it would be sent, fit for everybody's eyes: of the body only what the method says may be printed, of headers only those of the agent. Pure.
import { formatGoDuration } from '../kernel/duration.js';
import type { LoginPlan } from '../sdk/index.js';

/** The request for people. */
export interface MaskedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** A client certificate goes with it. */
  readonly client_certificate?: true;
}

/** Where it goes. */
export interface Destination {
  readonly address: URL;
  readonly namespace: string;
  readonly wrapTtlMs: number;
}

const MASK = '[secret]';

/** The request of a plan. A token that the method holds is looked up instead of logged in with. */
export function maskedRequest(plan: LoginPlan, { address, namespace, wrapTtlMs }: Destination): MaskedRequest {
  const common = { 'X-Vault-Request': 'true', ...(namespace === '' ? {} : { 'X-Vault-Namespace': namespace }) };
  if ('token' in plan) {
    const url = urlOf(address, 'auth/token/lookup-self');
    return { method: 'GET', url, headers: { ...common, 'X-Vault-Token': MASK } };
  }
  const wrap = wrapTtlMs > 0 ? { 'X-Vault-Wrap-TTL': formatGoDuration(wrapTtlMs) } : {};
  return {
    method: 'PUT',
    url: urlOf(address, plan.login),
    headers: { ...common, 'Content-Type': 'application/json', ...wrap, ...maskedHeaders(plan.headers ?? []) },
    body: maskedBody(plan.body, plan.show ?? []),
    ...(plan.tls?.cert === undefined ? {} : { client_certificate: true }),
  };
}

const maskedHeaders = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(list.filter((_, index) => index % 2 === 0).map((name) => [name, MASK]));

const maskedBody = (body: object, show: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(body).map(([key, value]) => [key, show.includes(key) ? (value as unknown) : MASK]));

function urlOf(address: URL, path: string): string {
  const bare = new URL(address);
  bare.username = '';
  bare.password = '';
  return `${bare.href.replace(/\/$/, '')}/v1/${path}`;
}
