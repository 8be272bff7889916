// Addresses of servers: what is usable, and IPv6 literals in their short form (RFC 5952). Pure.
import { isIPv6 } from 'node:net';

/** Why an address of a server cannot be used, or undefined when it can. */
export function addressFault(address: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'it does not begin with http://, https:// or unix://';
  if (scheme === 'unix') return address.length > 'unix://'.length ? undefined : 'the path of the socket is missing';
  if (scheme !== 'http' && scheme !== 'https') return `"${scheme}" is not http, https or unix`;
  const placeholder = /<[^>]*>/.exec(address)?.[0];
  if (placeholder !== undefined) return `${placeholder} is a placeholder`;
  return URL.canParse(address) ? undefined : 'it is not a URL';
}

/** The address with IPv6 literals in their short form; anything else stays as written. */
export function shortAddress(address: string): string {
  const bracketed = address.replace(/\[([0-9a-f:.]+)\]/i, (whole, literal: string) =>
    isIPv6(literal) ? `[${shortIpv6(literal)}]` : whole,
  );
  const [, literal = '', port = ''] = /^([0-9a-f:]+:[0-9a-f:]+):(\d{1,5})$/i.exec(address) ?? [];
  if (bracketed === address && isFull(literal)) return `${shortIpv6(literal)}:${port}`;
  return bracketed === address && isIPv6(address) ? shortIpv6(address) : bracketed;
}

/** Without brackets only a literal that cannot swallow the port is told apart from one. */
function isFull(literal: string): boolean {
  return isIPv6(literal) && (literal.includes('::') || literal.split(':').length === 8);
}

function shortIpv6(literal: string): string {
  return new URL(`http://[${literal}]`).hostname.slice(1, -1);
}
