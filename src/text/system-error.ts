/** Plain messages for system errors, such as a missing file or a program that cannot be started. */

const texts: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'it is in use',
  EDQUOT: 'the disk quota is exhausted',
  EEXIST: 'a file or folder with this name already exists',
  EFBIG: 'the file is too large',
  EIO: 'the disk reported an error',
  EISDIR: 'it is a folder',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is not a folder',
  ENOTEMPTY: 'the folder is not empty',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
}

const advice: Readonly<Record<string, string>> = {
  EACCES: 'check the owner and the permissions',
  EISDIR: 'specify a file',
  ENOENT: 'check the path',
  ENOSPC: 'free some space',
  ENOTDIR: 'check the path',
  EPERM: 'check the owner and the permissions',
  EROFS: 'specify another path',
}

/** Verbs for the system calls of Node.js. */
const verbs: Readonly<Record<string, string>> = {
  mkdir: 'create',
  mkdtemp: 'create a folder in',
  open: 'open',
  rename: 'rename',
  rm: 'remove',
  rmdir: 'remove',
  scandir: 'read',
  unlink: 'remove',
}

/**
 * Returns a plain reason for a file system error without its path, or the message of any other error.
 *
 * @example `cannot read ${path}: ${systemErrorText(error)}` // cannot read x.pem: no such file or folder
 */
export function systemErrorText(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return texts[code] ?? message
}

/**
 * Returns a complete message for an error that no caller has explained: the failed action, its path and what to do. The message
 * of an error that is not a file system error is returned unchanged.
 *
 * @example cannot open a/x.pem: no such file or folder; check the path
 */
export function problemText(error: Error): string {
  const { code = '', path, syscall = '' } = error as NodeJS.ErrnoException
  const reason = texts[code]
  if (reason === undefined || path === undefined) return error.message
  if (syscall.startsWith('spawn')) return `cannot run ${path}: ${programReason(error)}`
  const hint = advice[code]
  return `cannot ${verbs[syscall] ?? 'access'} ${path}: ${reason}${hint === undefined ? '' : `; ${hint}`}`
}

/** Returns why a program could not be started. */
function programReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'no such program; specify the full path of an installed program'
  return code === 'EACCES' ? 'it is not an executable file' : systemErrorText(error)
}

/** Returns why `fetch` failed. For most failures, `fetch` throws "fetch failed" with the reason as the error's cause. */
export function fetchErrorText(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error && cause.message !== '' ? cause.message : message
}
