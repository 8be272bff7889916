// Paths and globs in the configuration: those of Vault policies, without /v1/. Pure.

/** What is wrong with it, and what to write instead. */
export interface PathFault {
  readonly why: string;
  readonly hint: string;
}

/** Why a text is no path below /v1/, or undefined when it is one. */
export function pathFault(path: string): PathFault | undefined {
  const start = commonFault(path);
  if (start !== undefined) return start;
  if (/[*?#]|(?:^|\/)\+(?:\/|$)/.test(path)) return { why: 'it is one path, not a glob', hint: 'name each path' };
  return path.endsWith('/') ? { why: 'it ends in a slash', hint: 'name a secret, not a folder' } : undefined;
}

/** Why a text is no glob, or undefined when it is one: `+` stands for one segment, a `*` at the end for any rest. */
export function globFault(glob: string): PathFault | undefined {
  const start = commonFault(glob);
  if (start !== undefined) return start;
  if (glob.slice(0, -1).includes('*'))
    return { why: 'a * may only be at its end', hint: 'write + for one whole segment in the middle' };
  return undefined;
}

function commonFault(path: string): PathFault | undefined {
  if (path.trim() === '') return { why: 'it is empty', hint: 'write a path such as "secret/data/app", or "*" for all' };
  const bare = path.replace(/^\/?v1\/|^\/+/, '');
  if (/^\/|^v1\//.test(path)) return { why: 'paths are written without /v1/ in front', hint: `write "${bare}"` };
  return /(?:^|\/)\.{0,2}\//.test(path)
    ? { why: 'it has an empty part or dots', hint: 'write the plain path' }
    : undefined;
}
