// The login body: headers of a GET of the login path, signed as if it were sent to Oracle Cloud (auth-wire 9.4). Pure.
import { authorization, httpDate, type Signer } from './signature.js';

/** Where the login goes. */
export interface LoginPlace {
  /** Such as `auth/oci`. */
  readonly mount: string;
  readonly role: string;
  readonly address: URL;
}

/** Path and body of one login. */
export interface LoginRequest {
  readonly login: string;
  readonly body: { readonly request_headers: Readonly<Record<string, readonly string[]>> };
}

/** Signs one login. The role is written small, because the server compares it so; a namespace is no part of the path. */
export function loginRequest({ mount, role, address }: LoginPlace, signer: Signer, nowMs: number): LoginRequest {
  const login = `${mount}/login/${encodeURIComponent(role.toLowerCase())}`;
  const date = httpDate(nowMs);
  const target = `get /v1/${login}`;
  // a unix socket has no host
  const host = address.host === '' ? 'localhost' : address.host;
  const signed = [
    ['date', date],
    ['(request-target)', target],
    ['host', host],
  ] as const;
  const headers = {
    Authorization: [authorization(signed, signer)],
    Date: [date],
    Host: [host],
    '(request-target)': [target],
  };
  return { login, body: { request_headers: headers } };
}
