/** Plain messages for system errors, without the name of the system call and the path. */

const texts: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
}

/**
 * Returns a plain reason for a file system error, or the message of any other error.
 *
 * @example `cannot read ${path}: ${systemErrorText(error)}` // cannot read x.pem: no such file or folder
 */
export function systemErrorText(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return texts[code] ?? message
}

/** Returns why `fetch` failed. For most failures, `fetch` throws "fetch failed" with the reason as the error's cause. */
export function fetchErrorText(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error && cause.message !== '' ? cause.message : message
}
