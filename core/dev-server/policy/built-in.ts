// The policies that every namespace has: what a token may do about itself (`default`), and what a wrapping token may.

/** Rules of `default`: self service only. */
export const DEFAULT_POLICY = [
  ['auth/token/lookup-self', 'read'],
  ['auth/token/renew-self', 'update'],
  ['auth/token/revoke-self', 'update'],
  ['sys/capabilities-self', 'update'],
  ['sys/internal/ui/resultant-acl', 'read'],
  ['sys/renew', 'update'],
  ['sys/leases/renew', 'update'],
  ['sys/leases/lookup', 'update'],
  ['cubbyhole/*', 'create', 'read', 'update', 'delete', 'list', 'scan'],
  ['sys/wrapping/wrap', 'update'],
  ['sys/wrapping/lookup', 'update'],
  ['sys/wrapping/unwrap', 'update'],
  ['sys/tools/hash', 'update'],
  ['sys/tools/hash/*', 'update'],
]
  .map(([path, ...names]) => policyBlock(path ?? '', names))
  .join('\n');

/** Rules of `response-wrapping`: open the parcel, nothing else. */
export const WRAPPING_POLICY = [
  policyBlock('cubbyhole/response', ['create', 'read']),
  policyBlock('sys/wrapping/unwrap', ['update']),
].join('\n');

function policyBlock(path: string, capabilities: readonly string[]): string {
  return `path "${path}" {\n  capabilities = [${capabilities.map((name) => `"${name}"`).join(', ')}]\n}`;
}
