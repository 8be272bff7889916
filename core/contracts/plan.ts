// Plan: the frozen value that boot runs. Pure data, printed by `config explain`.
import type { Kind } from '../sdk/index.js';

/** One component to run. */
export interface Planned {
  /** `listener.1`, `auto_auth.default`, `sink.default.1`, `cache`, `request_hasher` ... */
  readonly id: string;
  readonly kind: Kind | 'core';
  /** Name of the plugin; undefined for parts of the core. */
  readonly plugin?: string | undefined;
  /** What the component gets; secrets show as "[secret]". */
  readonly settings: unknown;
  /** Ids of components that must run before this one. */
  readonly uses: readonly string[];
  /** Where it was configured: `file:line:column`. */
  readonly at?: string | undefined;
}

/** All components, in start order. */
export type Plan = readonly Planned[];
