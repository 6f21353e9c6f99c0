/** Runs work in a data folder as its owner, so that the server can read files that are created when root runs a command. */
import { stat } from 'node:fs/promises'

/**
 * Runs `work` with the effective user and group of the owner of `directory` if the process runs as root, otherwise unchanged.
 * Files belong to the owner from the moment of their creation, and the owner cannot redirect root with a symbolic link. The
 * effective user applies to the whole process: only commands may call this function, and one call at a time.
 */
export async function asFolderOwner<T>(directory: string, work: () => T | Promise<T>): Promise<T> {
  const { geteuid, getegid, getgroups, seteuid, setegid, setgroups } = process
  if (!geteuid || !getegid || !getgroups || !seteuid || !setegid || !setgroups) return work()
  if (geteuid() !== 0) return work()
  const { uid, gid } = await stat(directory)
  if (uid === 0) return work()
  const group = getegid()
  const groups = getgroups()
  setgroups([gid])
  setegid(gid)
  seteuid(uid)
  try {
    return await work()
  } finally {
    seteuid(0)
    setegid(group)
    setgroups(groups)
  }
}
