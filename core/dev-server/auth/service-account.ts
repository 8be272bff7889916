// Whose token a Kubernetes service account token says it is, and whether a role lets that account in. Pure.
import { fault } from '../backend.js';
import type { Claims } from './jwt-claims.js';
import type { KubernetesRole } from './kubernetes-role.js';

/** An account as its token names it. `secretName` is only there in tokens of the old form. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly secretName: string;
}

/** Reads projected tokens (`kubernetes.io`) and old secret tokens (`kubernetes.io/serviceaccount/...`). */
export function accountOfClaims(claims: Claims): ServiceAccount {
  const about = claims['kubernetes.io'] as ProjectedClaim | null | undefined;
  const old = (name: string) => text(claims[`kubernetes.io/serviceaccount/${name}`]);
  return {
    namespace: text(about?.namespace) || old('namespace'),
    name: text(about?.serviceaccount?.name) || old('service-account.name'),
    uid: text(about?.serviceaccount?.uid) || old('service-account.uid'),
    secretName: old('secret.name'),
  };
}

interface ProjectedClaim {
  readonly namespace?: unknown;
  readonly serviceaccount?: { readonly name?: unknown; readonly uid?: unknown };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Throws 403 when the role does not name the account. */
export function checkAccount(role: KubernetesRole, account: ServiceAccount): void {
  if (account.name === '' || account.namespace === '') throw fault(403, 'permission denied');
  if (!named(role.namespaces, account.namespace)) throw fault(403, 'namespace not authorized');
  if (!named(role.names, account.name)) throw fault(403, 'service account name not authorized');
}

function named(patterns: readonly string[], value: string): boolean {
  return patterns.some((pattern) => {
    if (!pattern.includes('*')) return pattern === value;
    const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('.*')}$`).test(value);
  });
}
