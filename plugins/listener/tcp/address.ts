// The `address` of a tcp listener -> host and port. Pure; resolves nothing.
import { agentError } from 'claviger/sdk';

/** Where to bind. No host means every address of the machine. */
export interface TcpAddress {
  readonly host: string | undefined;
  readonly port: number;
}

const FORM = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/;

/** Reads `host:port`, `[v6]:port` or `:port`. Throws LISTEN_ADDRESS. */
export function parseTcpAddress(address: string): TcpAddress {
  const [, v6, name, digits] = FORM.exec(address.trim()) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535)
    throw agentError('LISTEN_ADDRESS', { address, why: fault(address) }, { hint });
  const host = v6 ?? name ?? '';
  return { host: host === '' ? undefined : host, port };
}

const hint = 'write host:port, such as 127.0.0.1:8200 or [::1]:8200';

function fault(address: string): string {
  if (address.includes('://')) return 'it is a URL, not an address';
  if (/:\d+$/.test(address))
    return address.split(':').length > 2 ? 'an IPv6 address needs brackets' : 'the port must be at most 65535';
  return 'it has no port';
}

/** Host and port as they stand in a URL. */
export function urlHost(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
