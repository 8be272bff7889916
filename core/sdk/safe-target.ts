// Where something may be sent that others must not read or forge: to whom TLS proves, or to this machine. Pure.

/** What else is allowed. */
export interface SafeTargetOptions {
  /** The request goes through a unix socket, so that the host of the URL is only a name. */
  readonly throughSocket?: boolean;
  /** `unix:///path` is a target too. */
  readonly unixUrls?: boolean;
}

const THIS_MACHINE = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Why nothing may be sent to this URL; undefined when it may be: `https:`, or `http:` to this machine or through a socket. User and password in it are
 * refused. `callService` does not ask a name service for `localhost`. The reason quotes nothing of the URL.
 */
export function whyUnsafeTarget(text: string, options: SafeTargetOptions = {}): string | undefined {
  const { throughSocket = false, unixUrls = false } = options;
  if (!URL.canParse(text)) return 'it is no URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'user and password in a URL end up in logs';
  if (unixUrls && url.protocol === 'unix:') return isSocketUrl(url) ? undefined : 'it is not like unix:///path';
  if (url.protocol === 'https:') return throughSocket ? 'a unix socket is plain HTTP: write http://' : undefined;
  if (url.protocol === 'http:' && (throughSocket || THIS_MACHINE.test(url.hostname))) return undefined;
  return 'it is neither https:, nor http: to this machine, nor a unix socket';
}

// `unix:path` has no absolute path, and `%zz` no meaning.
function isSocketUrl({ hostname, pathname }: URL): boolean {
  try {
    return hostname === '' && /^\/[^\0]+$/.test(decodeURIComponent(pathname));
  } catch {
    return false;
  }
}
