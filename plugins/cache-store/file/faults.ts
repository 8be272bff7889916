// What a failure of the operating system means for the store, as an error for people. Pure.
import { AgentError, agentError, errnoOf, failureText } from 'claviger/sdk';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'ENOTDIR', 'EFBIG']);

/** CACHE_STORE_FULL where somebody has to mend the machine (no space, quota, read-only, no permission); else CACHE_STORE_UNAVAILABLE. */
export function writeFault(error: unknown, at: string): AgentError {
  if (error instanceof AgentError) return error;
  const facts = { at, hint: hintOf(errnoOf(error)), cause: error };
  const why = failureText(error);
  return FULL.has(errnoOf(error) ?? '')
    ? agentError('CACHE_STORE_FULL', { why }, facts)
    : agentError('CACHE_STORE_UNAVAILABLE', { why }, facts);
}

/** CACHE_STORE_UNAVAILABLE: the bytes could not be read now. */
export function readFault(error: unknown, at: string): AgentError {
  if (error instanceof AgentError) return error;
  return agentError('CACHE_STORE_UNAVAILABLE', { why: failureText(error) }, { at, cause: error });
}

function hintOf(errno: string | undefined): string | undefined {
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return 'make room on the disk, or lower max_entries or max_bytes';
  if (errno === 'EROFS' || errno === 'EACCES' || errno === 'EPERM')
    return 'give the user of the agent a folder that it may write';
  return errno === 'ENOTDIR' ? 'name a folder' : undefined;
}
