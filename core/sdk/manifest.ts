// plugin.json: what exists, known without running it (architecture 2.5 (2)).

/** The kinds of plugins, in the order in which documentation lists them. */
export const KINDS = ['auth-method', 'sink', 'cache-store', 'listener', 'request-hasher'] as const;

/** A kind of plugin. */
export type Kind = (typeof KINDS)[number];

/** The content of a plugin.json. */
export interface Manifest {
  /** Version of the SDK contract the plugin was written for. */
  readonly sdk: 1;
  readonly kind: Kind;
  /** The label operators write: `method "approle"`. */
  readonly name: string;
  /** Other spellings that select this plugin. */
  readonly aliases?: readonly string[];
  /** Module with the plugin class as default export, relative to the manifest. */
  readonly entry: string;
  /** JSON Schema of the plugin's settings, relative to the manifest. */
  readonly schema: string;
  readonly summary: string;
  readonly version: string;
  readonly stability: 'experimental' | 'stable' | 'deprecated';
  /** Default mount path of an auth method, without trailing slash. */
  readonly mount?: string;
  /** Environment variables the plugin may read through the `Env` slot; `setting:x` stands for the variable that its setting `x` names. */
  readonly env?: readonly string[];
  /** Optional abilities, read by planning and by the conformance suites. */
  readonly supports?: Readonly<Record<string, boolean>>;
  /** Module that tells the conformance suite how to make, break and read back what the plugin works on, relative to the manifest. */
  readonly harness?: string;
}
