// Namespaces as the server writes them, and which one counts (spec config 3.2). Pure.

/** `ns1/ns2/`; empty for the root. Slashes around and between are cleaned. */
export function canonicalNamespace(text: string): string {
  const parts = text
    .trim()
    .split('/')
    .filter((part) => part !== '');
  return parts.length === 0 || (parts.length === 1 && parts[0] === 'root') ? '' : `${parts.join('/')}/`;
}

/** Where a namespace may come from: `forced` is flag or environment, undefined when neither exists. */
export interface NamespaceSources {
  readonly forced: string | undefined;
  readonly vault: string;
  /** Of each identity, in order. */
  readonly methods: readonly string[];
}

/** Namespace of requests that name none: forced, else that of the vault block, else that of a lone auth method. */
export function baseNamespace({ forced, vault, methods }: NamespaceSources): string {
  if (forced !== undefined) return canonicalNamespace(forced);
  const lone = methods.length === 1 ? (methods[0] ?? '') : '';
  return canonicalNamespace(vault === '' ? lone : vault);
}

/** Namespace of a login: forced, else that of the method, else the base. */
export function loginNamespace(sources: NamespaceSources, method: string): string {
  if (sources.forced === undefined && method !== '') return canonicalNamespace(method);
  return baseNamespace(sources);
}
