// Collects findings. One mistake is one finding: what another finding explains already is not added. It must not know any rule.
import { CODES, type Code } from '../sdk/index.js';
import type { CodeParams } from '../sdk/codes.js';
import type { Problem, ProblemPlace } from '../contracts/problem.js';
import type { Value } from './located.js';
import type { Hidden } from './mask-texts.js';
import { nearestName } from './nearest-name.js';

/** Facts of a finding besides its code. */
export interface Facts {
  readonly at?: ProblemPlace | undefined;
  readonly hint?: string | undefined;
  readonly key?: string | undefined;
}

/** An unknown key that was seen: it may turn out to be the reason why something is missing. */
interface Unknown {
  readonly written: string;
  readonly holder: unknown;
  problem: Problem;
}

/** The findings so far. */
export class Report {
  readonly #problems: Problem[] = [];
  readonly #unknown: Unknown[] = [];
  readonly #spoiled = new Set<string>();
  readonly #hidden: Hidden[] = [];

  /** `damaged`: files that could not be read whole; what seems to be missing in them is not reported. */
  constructor(
    readonly strict: boolean,
    readonly damaged: ReadonlySet<string> = new Set(),
  ) {}

  /** Adds an error whose text comes from the code table. */
  error<C extends Code>(code: C, params: CodeParams<C>, facts: Facts = {}): void {
    const isMissing = code === 'CONFIG_MISSING' || code === 'CONFIG_LISTENER_TLS';
    if (isMissing && facts.at !== undefined && this.#isUnsure(facts.at)) return;
    this.#problems.push(problem('error', code, params, facts));
  }

  /** Says that the block at this place could not be read, so that nothing is reported as missing in it. */
  spoil(at: ProblemPlace): void {
    this.#spoiled.add(`${at.file}:${at.line}:${at.column}`);
  }

  /** Remembers a secret value, so that code frames do not show it. */
  hide(value: Value): void {
    if (value.kind === 'scalar') {
      // true and false give nothing away
      if (typeof value.value !== 'boolean') this.#hidden.push({ at: value.at, text: String(value.value) });
    } else if (value.kind === 'list') value.items.forEach((item) => this.hide(item));
    else for (const entry of value.entries.values()) this.hide(entry.value);
  }

  /** The secret values so far. */
  get hidden(): readonly Hidden[] {
    return this.#hidden;
  }

  #isUnsure(at: ProblemPlace): boolean {
    return this.damaged.has(at.file) || this.#spoiled.has(`${at.file}:${at.line}:${at.column}`);
  }

  /** Adds a warning whose text comes from the code table. */
  warn<C extends Code>(code: C, params: CodeParams<C>, facts: Facts = {}): void {
    this.#problems.push(problem('warning', code, params, facts));
  }

  /** Adds finished findings. */
  include(problems: readonly Problem[]): void {
    this.#problems.push(...problems);
  }

  /** An unknown key: a warning, an error when `-strict` or when `must` says so. `holder` is the map it stands in. */
  unknownKey(
    key: { written: string; where: string; holder: unknown; known: readonly string[]; must?: boolean },
    facts: Facts,
  ): void {
    const near = nearestName(key.written, key.known);
    const hint = near === undefined ? `remove it; known here: ${list(key.known)}` : `did you mean "${near}"?`;
    const severity = this.strict || key.must === true ? 'error' : 'warning';
    const found = problem(severity, 'CONFIG_UNKNOWN_KEY', { key: key.written, where: key.where }, { ...facts, hint });
    this.#problems.push(found);
    this.#unknown.push({ written: key.written, holder: key.holder, problem: found });
  }

  /**
   * True when something missing in `holder` is explained by a misspelt key there, which then is an error: a person has one mistake to mend, not two.
   */
  misspelt(holder: unknown, missing: string): boolean {
    const found = this.#unknown.find((one) => one.holder === holder && nearestName(one.written, [missing]) === missing);
    if (found === undefined) return false;
    const next: Problem = { ...found.problem, severity: 'error', hint: `did you mean "${missing}"?` };
    this.#problems[this.#problems.indexOf(found.problem)] = next;
    found.problem = next;
    return true;
  }

  /** True when there is an error. */
  get failed(): boolean {
    return this.#problems.some((one) => one.severity === 'error');
  }

  /** All findings by file, line and column; files in the order of `files`, findings without a line last. */
  sorted(files: readonly string[]): Problem[] {
    const rank = (one: Problem): number => {
      const index = one.at === undefined || one.at.line === 0 ? -1 : files.indexOf(one.at.file);
      return index === -1 ? files.length : index;
    };
    return [...this.#problems].sort(
      (a, b) => rank(a) - rank(b) || (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0),
    );
  }
}

function problem<C extends Code>(severity: Problem['severity'], code: C, params: CodeParams<C>, facts: Facts): Problem {
  const entry = CODES[code];
  const hint = facts.hint ?? ('hint' in entry ? entry.hint : undefined);
  const message = (entry.text as (p: CodeParams<C>) => string)(params);
  return { severity, code, message, at: facts.at, hint, key: facts.key };
}

/** Names for a hint: at most twelve. */
export function list(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(', ');
  return names.length > 12 ? `${shown} ...` : shown;
}
