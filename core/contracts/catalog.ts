// What is known about plugins before any of their code runs.
import type { Kind, Manifest } from '../sdk/index.js';

/** One discovered plugin. Paths are absolute. */
export interface CatalogEntry {
  readonly manifest: Manifest;
  readonly folder: string;
  readonly origin: 'built-in' | 'external';
  readonly entryPath: string;
  readonly schemaPath: string;
  /** Sum from the `plugin` block, lower-case hex. */
  readonly sha256?: string | undefined;
  readonly mayFail?: boolean | undefined;
}

/** Everything that was discovered. Names and aliases are looked up without regard to case. */
export interface Catalog {
  find(kind: Kind, name: string): CatalogEntry | undefined;
  all(kind?: Kind): readonly CatalogEntry[];
}
