// What lies at the path of a unix socket before binding: nothing, a socket nobody answers on (removed), or something that must stay.
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { agentError } from './errors.js';
import { errnoOf, failureText } from './failure-text.js';
import { listenError } from './http/listen-error.js';

/**
 * Makes the path free. Only a socket on which nobody answers is removed. Throws LISTEN_ADDRESS_IN_USE for a live one, LISTEN_ADDRESS for any
 * other file, LISTEN_PERMISSION when the old socket may not be tried or removed.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw listenError(error, path);
  });
  if (found === undefined) return;
  if (!found.isSocket()) {
    const why = 'there is a file that is not a socket, and it is not removed';
    throw agentError('LISTEN_ADDRESS', { address: path, why }, { hint: 'remove it or choose another path' });
  }
  if (await answers(path)) throw agentError('LISTEN_ADDRESS_IN_USE', { address: path });
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return;
    const why = `the old socket cannot be removed: ${failureText(error)}`;
    throw agentError('LISTEN_PERMISSION', { address: path, why }, { cause: error });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = errnoOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false);
      else if (code === 'EACCES' || code === 'EPERM') reject(listenError(error, path));
      else resolve(true);
    });
  });
}
