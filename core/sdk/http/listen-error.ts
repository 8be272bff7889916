// Why a socket could not be bound, in words. Pure.
import { agentError, type AgentError } from '../errors.js';
import { failureText } from '../failure-text.js';

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name cannot be resolved',
  EAI_AGAIN: 'the host name cannot be resolved now',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EAFNOSUPPORT: 'this machine does not speak that kind of address',
  EINVAL: 'it is not an address to listen on',
};

/** What node's `listen` said -> LISTEN_ADDRESS_IN_USE, LISTEN_PERMISSION or LISTEN_ADDRESS. `address` is what the operator wrote. */
export function listenError(error: unknown, address: string): AgentError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE') return agentError('LISTEN_ADDRESS_IN_USE', { address }, { cause: error });
  const words = WORDS[code];
  const why = words === undefined ? failureText(error) : `${words} (${code})`;
  const kind = code === 'EACCES' || code === 'EPERM' ? 'LISTEN_PERMISSION' : 'LISTEN_ADDRESS';
  return agentError(kind, { address, why }, { cause: error });
}
