/** Runs work as the owner of a data folder, so that the server can read files that root creates with a command. */
import { stat } from 'node:fs/promises'

/**
 * Runs `work`. If the process runs as root, its effective user and group change to the owner of `directory` while `work` runs.
 * New files are therefore created with the right owner. A symbolic link in the folder cannot trick root into writing to a file
 * that the owner has no permission to change. The effective user applies to the whole process, so only commands may call this
 * function, and its calls must not overlap.
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
