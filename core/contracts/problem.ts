// A finding about the configuration, for people: what, where, what to do.

/** Where a finding is; `line` 0 means the whole file, or an environment variable or flag named by `file`. */
export interface ProblemPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One finding. Errors stop the start; warnings are shown and, for unknown keys, become errors with `-strict`. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** A code of core/sdk/codes.ts. */
  readonly code: string;
  readonly message: string;
  readonly at?: ProblemPlace | undefined;
  readonly hint?: string | undefined;
  /** Dotted path of the setting, such as `auto_auth.sink[1].config.path`. */
  readonly key?: string | undefined;
}
