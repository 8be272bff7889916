// Can this file be run at all? Told before it is tried, because a failed start says less. Knows nothing of what the program does.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { agentError, errnoOf, failureText, type AgentError } from 'claviger/sdk';

/** Throws AUTH_CREDENTIAL_MISSING or AUTH_CREDENTIAL_UNREADABLE when the program cannot be run. */
export async function checkProgramFile(path: string): Promise<void> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw unusable(path, found.isDirectory() ? 'it is a directory' : 'it is not a regular file');
    await access(path, constants.X_OK);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    if (errnoOf(error) === 'ENOENT')
      throw agentError('AUTH_CREDENTIAL_MISSING', { what: 'command', path }, { at: path });
    throw unusable(path, `it may not be run: ${failureText(error)}`);
  }
}

const unusable = (path: string, why: string): AgentError =>
  agentError('AUTH_CREDENTIAL_UNREADABLE', { what: 'command', path, why }, { at: path });
