// `cache { path "<glob>" { ... } }` (D-55): which paths are cached at all, and how old an answer may get. Pure.
import type { PathPolicy } from '../contracts/agent-config.js';
import { canonicalPath } from './request-path.js';

/** Finds the policy of a request; undefined for none. `path` is as received, `namespace` canonical. */
export type PolicyOf = (path: string, namespace: string) => PathPolicy | undefined;

/** Makes the finder; the first policy that fits decides. A glob may be written with or without the namespace in front. */
export function policyFinder(policies: readonly PathPolicy[]): PolicyOf {
  if (policies.length === 0) return () => undefined;
  const tests = policies.map((policy) => ({ policy, segments: policy.glob.replace(/^\/+/, '').split('/') }));
  return (path, namespace) => {
    const clean = canonicalPath(path);
    const rest = (clean.startsWith('/v1/') ? clean.slice(4) : clean).split('/');
    const full = namespace === '' ? rest : [...namespace.split('/').filter((part) => part !== ''), ...rest];
    return tests.find(({ segments }) => globFits(segments, rest) || (full !== rest && globFits(segments, full)))
      ?.policy;
  };
}

/** The globs of Vault policies: `+` is one whole segment, a trailing `*` any rest. */
export function globFits(glob: readonly string[], path: readonly string[]): boolean {
  const last = glob.length - 1;
  const open = glob[last]!.endsWith('*');
  if (open ? path.length < glob.length : path.length !== glob.length) return false;
  return glob.every((part, at) => {
    if (open && at === last) return path[at]!.startsWith(part.slice(0, -1));
    return part === '+' || part === path[at];
  });
}
