// The policies of one namespace. `root` has no text; `default` and `response-wrapping` are built in. Names are lower case.
import type { Fields } from '../backend.js';
import { fault } from '../backend.js';
import { moment } from '../wire/moment.js';
import { DEFAULT_POLICY, WRAPPING_POLICY } from './built-in.js';
import { readPolicy } from './read-policy.js';
import type { Rule } from './rules.js';

interface Policy {
  readonly text: string;
  readonly rules: readonly Rule[];
  readonly version: number;
  readonly modifiedAtMs: number;
}

/** Policies by name. */
export class PolicyStore {
  readonly #policies = new Map<string, Policy>();

  constructor(nowMs: number) {
    this.set('default', DEFAULT_POLICY, nowMs);
    this.set('response-wrapping', WRAPPING_POLICY, nowMs);
  }

  /** Names in sorted order, without the wrapping policy. */
  names(): string[] {
    return [...this.#policies.keys()].filter((name) => name !== 'response-wrapping').sort();
  }

  rules(name: string): readonly Rule[] {
    return this.#policies.get(name)?.rules ?? [];
  }

  has(name: string): boolean {
    return name === 'root' || this.#policies.has(name);
  }

  /** Throws 400 for texts that are no policy. */
  set(name: string, text: string, nowMs: number): void {
    if (name === 'root') throw fault(400, 'cannot update "root" policy');
    const version = (this.#policies.get(name)?.version ?? 0) + 1;
    this.#policies.set(name, { text, rules: readPolicy(text), version, modifiedAtMs: nowMs });
  }

  /** Throws 400 for built-in policies. */
  remove(name: string): void {
    if (['root', 'default', 'response-wrapping'].includes(name)) throw fault(400, `cannot delete "${name}" policy`);
    this.#policies.delete(name);
  }

  /** The answer of a read; `textName` is `policy` or, on the old path, `rules`. */
  describe(name: string, textName: string): Fields | undefined {
    const policy = this.#policies.get(name);
    if (policy === undefined) return name === 'root' ? { name, [textName]: '' } : undefined;
    return {
      name,
      [textName]: policy.text,
      version: policy.version,
      cas_required: false,
      allow_slashes_in_identity_templates: false,
      allow_wildcards_in_identity_templates: false,
      modified: moment(policy.modifiedAtMs),
    };
  }
}
