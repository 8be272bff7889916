// Judges one request against the rules of a token: exact paths first, then the wildcard path of the highest priority; deny wins.
import type { Fields } from '../backend.js';
import { comparePriority, covers } from './match.js';
import { allowsParameters } from './parameters.js';
import type { Capability, Rule } from './rules.js';

/** What is asked of the rules. */
export interface AclQuestion {
  /** Full path from the root namespace, without `v1/`. */
  readonly path: string;
  readonly capability: Capability;
  readonly sudo: boolean;
  readonly body: Fields;
  /** Requested wrapping in milliseconds; 0 means none. */
  readonly wrapMs: number;
}

/** The rules of all policies of one token. */
export class Acl {
  readonly #rules = new Map<string, Rule[]>();
  readonly #isRoot: boolean;

  /** `root` makes everything allowed. */
  constructor(rules: readonly Rule[], isRoot: boolean) {
    this.#isRoot = isRoot;
    for (const rule of rules) this.#rules.set(rule.path, [...(this.#rules.get(rule.path) ?? []), rule]);
  }

  /** Capabilities for a path in sorted order: `["root"]`, `["deny"]` or a list. */
  capabilities(path: string): string[] {
    if (this.#isRoot) return ['root'];
    const found = union(this.#decisive(path));
    return found.has('deny') || found.size === 0 ? ['deny'] : [...found].sort();
  }

  /** Whether the request may go on. */
  allows(question: AclQuestion): boolean {
    if (this.#isRoot) return true;
    const rules = this.#decisive(question.path);
    const found = union(rules);
    if (found.has('deny') || !found.has(question.capability)) return false;
    if (question.sudo && !found.has('sudo')) return false;
    return wrappingFits(rules, question.wrapMs) && allowsParameters(rules, question);
  }

  /** Whether the token holds `sudo` on a path. */
  sudo(path: string): boolean {
    return this.#isRoot || (union(this.#decisive(path)).has('sudo') && !union(this.#decisive(path)).has('deny'));
  }

  /** Whether any rule that grants something lies at or below a path, or covers it. */
  reaches(path: string): boolean {
    if (this.#isRoot) return true;
    return [...this.#rules].some(([rulePath, rules]) => {
      const found = union(rules);
      if (found.has('deny')) return false;
      const plain = rulePath.split(/[*+]/)[0] ?? '';
      return rulePath.startsWith(path) || (plain !== rulePath && path.startsWith(plain)) || covers(rulePath, path);
    });
  }

  #decisive(path: string): readonly Rule[] {
    const exact = this.#rules.get(path) ?? (path.endsWith('/') ? this.#rules.get(path.slice(0, -1)) : undefined);
    if (exact !== undefined) return exact;
    let best: string | undefined;
    for (const candidate of this.#rules.keys()) {
      const fits = covers(candidate, path) || (path.endsWith('/') && covers(candidate, path.slice(0, -1)));
      if (fits && (best === undefined || comparePriority(candidate, best) > 0)) best = candidate;
    }
    return best === undefined ? [] : (this.#rules.get(best) ?? []);
  }
}

function union(rules: readonly Rule[]): ReadonlySet<Capability> {
  return new Set(rules.flatMap((rule) => [...rule.capabilities]));
}

function wrappingFits(rules: readonly Rule[], wrapMs: number): boolean {
  const min = Math.max(0, ...rules.map((rule) => rule.minWrappingMs));
  const maxima = rules.map((rule) => rule.maxWrappingMs).filter((ms) => ms > 0);
  if (min > 0 && wrapMs < min) return false;
  return maxima.length === 0 || (wrapMs > 0 && wrapMs <= Math.min(...maxima));
}
