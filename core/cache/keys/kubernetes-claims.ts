// The stable claims of a service account token (D-51): the token itself is rotated hourly, these stay. Pure; nothing is verified, because the
// claims bind and keep nothing secret.

/** Claims that a store is bound to. Empty texts where the token does not say. */
export interface StableClaims {
  readonly namespace: string;
  readonly account: string;
  readonly accountUid: string;
  readonly podUid: string;
}

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function payloadOf(token: string): Fields | undefined {
  const parts = token.trim().split('.');
  if (parts.length !== 3) return undefined;
  try {
    return fields(JSON.parse(Buffer.from(parts[1]!, 'base64url').toString('utf8')) as unknown);
  } catch {
    return undefined;
  }
}

/** The claims of a bound or of a legacy service account token; undefined for anything that names no service account. */
export function stableClaims(token: string): StableClaims | undefined {
  const payload = payloadOf(token);
  if (payload === undefined) return undefined;
  const bound = fields(payload['kubernetes.io']);
  const account = fields(bound.serviceaccount);
  const legacy = (name: string): string => text(payload[`kubernetes.io/serviceaccount/${name}`]);
  const subject = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(text(payload.sub));
  const claims = {
    namespace: text(bound.namespace) || legacy('namespace') || (subject?.[1] ?? ''),
    account: text(account.name) || legacy('service-account.name') || (subject?.[2] ?? ''),
    accountUid: text(account.uid) || legacy('service-account.uid'),
    podUid: text(fields(bound.pod).uid),
  };
  return claims.namespace === '' || claims.account === '' ? undefined : claims;
}
