// Where a redirect may be followed to: the configured addresses only, once; a token never goes to another host (D-31, spec cache U-9). Pure.

const FOLLOWED = new Set([301, 302, 307]);

/** True for an answer that could be followed at all. */
export function isRedirect(status: number): boolean {
  return FOLLOWED.has(status);
}

/** The raw target (path and query) to ask on the same server, or undefined when the redirect leads elsewhere or nowhere. */
export function sameServerTarget(origin: string, location: string | undefined): string | undefined {
  if (location === undefined) return undefined;
  const bare = location.split('#', 1)[0] as string;
  if (bare.startsWith('/') && !bare.startsWith('//')) return bare;
  if (!URL.canParse(bare)) return undefined;
  const url = new URL(bare);
  if (url.origin !== new URL(origin).origin) return undefined;
  return url.pathname + url.search;
}

/**
 * The same where the server has several addresses (`origins`, the asked one is `from`): which of them to ask, and for what. A relative target stays
 * where it was asked.
 */
export function sameClusterTarget(
  origins: readonly string[],
  from: number,
  location: string | undefined,
): { readonly index: number; readonly path: string } | undefined {
  for (const index of [from, ...origins.keys()]) {
    const origin = origins[index] ?? '';
    const path = origin === '' ? undefined : sameServerTarget(origin, location);
    if (path !== undefined) return { index, path };
  }
  return undefined;
}

/** The host a redirect leads to, for messages; never the path, which may hold what is secret. */
export function redirectHost(location: string | undefined): string {
  return location !== undefined && URL.canParse(location) ? new URL(location).origin : 'nowhere';
}
