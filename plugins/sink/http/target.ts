// Where a token may be sent: to whom TLS proves, or to this machine. Pure.

/** The part of the settings that says where. */
export interface Target {
  readonly url: string;
  readonly socket?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const OURS = new Set(['authorization', 'content-type', 'content-length', 'transfer-encoding', 'host', 'connection']);

/** Why a token must not be sent there; undefined when it may. */
export function whyUnsafe({ url, socket, headers = {} }: Target): string | undefined {
  if (!URL.canParse(url)) return 'it is no URL';
  const { protocol, hostname, username, password } = new URL(url);
  if (username !== '' || password !== '') return 'user and password in a URL end up in logs; use bearer_token_file';
  const local = socket !== undefined || LOOPBACK.test(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && local))
    return 'tokens are sent over TLS, to a unix socket, or to this machine only';
  if (protocol === 'https:' && socket !== undefined) return 'a unix socket is plain HTTP: write http://';
  return Object.entries(headers)
    .map(whyBadHeader)
    .find((why) => why !== undefined);
}

function whyBadHeader([name, value]: readonly [string, string]): string | undefined {
  if (!NAME.test(name)) return 'the name of a header is not one';
  if (OURS.has(name.toLowerCase())) return `header ${name} is set by the sink itself`;
  return VALUE.test(value) ? undefined : `the value of header ${name} has line breaks or other control characters`;
}
