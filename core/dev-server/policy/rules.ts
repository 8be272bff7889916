// What a policy says, after reading: one rule per path. Pure data.

/** The capabilities that a policy may name. */
export const CAPABILITIES = ['create', 'delete', 'deny', 'list', 'patch', 'read', 'scan', 'sudo', 'update'] as const;

/** One capability. */
export type Capability = (typeof CAPABILITIES)[number];

/** Parameter names to the values that are meant; an empty list means any. */
export type Parameters = ReadonlyMap<string, readonly unknown[]>;

/** The rule of one path in one policy. Paths have no leading slash; they may end in `*` and have `+` segments. */
export interface Rule {
  readonly path: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly allowed: Parameters | undefined;
  readonly denied: Parameters | undefined;
  readonly required: readonly string[];
  readonly minWrappingMs: number;
  readonly maxWrappingMs: number;
}
