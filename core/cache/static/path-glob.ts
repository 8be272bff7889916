// Which rule of a list is for a path. Pure.
import { globFits } from '../path-policy.js';

/** The first of `rules` whose glob fits the path within its namespace, or with the namespace before it. A slash at the start of a glob means nothing. */
export function firstFit<R extends { readonly glob: string }>(
  rules: readonly R[],
  { path, absolute }: { readonly path: string; readonly absolute: string },
): R | undefined {
  const inside = path.split('/');
  const whole = absolute === path ? inside : absolute.split('/');
  return rules.find(({ glob }) => {
    const parts = glob.replace(/^\/+/, '').split('/');
    return globFits(parts, inside) || (whole !== inside && globFits(parts, whole));
  });
}
