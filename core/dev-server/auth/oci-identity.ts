// Asks an identity service of Oracle Cloud who signed the headers of a login, and which groups that principal is in. The dev server asks the endpoint
// of its configuration, because there is no cloud; the signature is that service's to judge (spec auth-wire 9.4, server checks).
import { fault } from '../backend.js';
import { httpCall } from './http-call.js';

/** Who signed. */
export interface Principal {
  readonly tenantId: string;
  readonly subjectId: string;
  readonly claims: readonly { readonly key: string; readonly value: string }[];
}

type Json = Readonly<Record<string, unknown>>;

/** The principal of a set of signed headers. Throws 400 with the server's texts. */
export async function authenticated(endpoint: string, requestHeaders: object): Promise<Principal> {
  const answer = await asked(endpoint, 'authentication/authenticateClient', { requestHeaders });
  const principal = answer['principal'] as Partial<Principal> | undefined;
  const { tenantId = '', subjectId = '', claims = [] } = principal ?? {};
  if (answer['isSuccess'] === false || claims.length === 0) throw fault(400, 'OCI authentication failed');
  const type = claims.find(({ key }) => key === 'ptype')?.value ?? '';
  if (type !== 'instance' && type !== 'user') throw fault(400, 'Wrong principal type');
  return { tenantId, subjectId, claims };
}

/** Those of the groups that the principal is in. Throws 400. */
export async function memberships(endpoint: string, principal: Principal, ids: readonly string[]): Promise<string[]> {
  const { groupIds } = await asked(endpoint, 'filterGroupMembership', { principal, groupIds: ids });
  if (!Array.isArray(groupIds)) throw fault(400, 'No membership OCIDs found');
  return groupIds.map(String);
}

async function asked(endpoint: string, path: string, body: object): Promise<Json> {
  if (endpoint === '')
    throw fault(500, 'this dev server has no Oracle Cloud; write identity_endpoint to the config of this mount');
  const call = {
    method: 'POST' as const,
    url: `${endpoint.replace(/\/$/, '')}/v1/${path}`,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
  const answer = await httpCall(call).catch((error: unknown) => {
    throw fault(400, `client error: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (answer.status !== 200) throw fault(400, serviceError(answer.status, answer.text));
  return parsed(answer.text);
}

function serviceError(status: number, text: string): string {
  const { code, message } = quietly(text);
  const words = [
    `Service error:${String(code ?? 'Unknown')}.`,
    String(message ?? ''),
    `http status code: ${String(status)}.`,
  ];
  return words.join(' ');
}

function quietly(text: string): { readonly code?: string | number; readonly message?: string } {
  try {
    return JSON.parse(text) as { code?: string; message?: string };
  } catch {
    return {};
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw fault(400, 'failed to unmarshal the answer');
  }
}
