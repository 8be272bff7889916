// Failures of the operating system in words. Raw error numbers never reach an operator alone; the number stays in brackets for searching.

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'this process has too many open files',
  ENFILE: 'this machine has too many open files',
  EIO: 'the device reports an input/output error',
  EBUSY: 'it is in use',
  EXDEV: 'it would cross file systems',
  EEXIST: 'it exists already',
  ESRCH: 'there is no such process',
  ENOTEMPTY: 'the folder is not empty',
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was cut off',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name service did not answer',
  ETIMEDOUT: 'no answer in time',
};

/** The error number name of a system error (`ENOENT`), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** One phrase for people: `permission denied (EACCES)`. */
export function failureText(error: unknown): string {
  // a host with several addresses: the first says enough
  if (error instanceof AggregateError && error.errors.length > 0) return failureText(error.errors[0]);
  const code = errnoOf(error);
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  return `${WORDS[code] ?? 'the operating system refused it'} (${code})`;
}
