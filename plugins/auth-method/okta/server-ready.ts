// Asks whether the server is there before a login that may cost a push: a server that is down or sealed must not use up the one of five minutes.
import { agentError, type Vault } from 'claviger/sdk';

/** Throws what the client throws, or AUTH_METHOD_FAILED when the server says that it is sealed or not initialized. */
export async function requireServer(server: Vault, signal: AbortSignal): Promise<void> {
  const { status } = await server.request('GET', 'sys/health?standbyok=true&perfstandbyok=true', {
    namespace: '',
    signal,
  });
  // only these two; a wall in front of the server may refuse or hide the path
  if (status !== 501 && status !== 503) return;
  const state = status === 501 ? 'not initialized' : 'sealed or not there';
  throw agentError('AUTH_METHOD_FAILED', { why: `the server is ${state}; no login was tried, to save the push` });
}
