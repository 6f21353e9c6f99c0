/**
 * The temporary folder of a CA in memory. An in-memory database of SQLite cannot replace it: the writer, the reader and the thread
 * that builds CRLs have a connection each, and connections can share only a file.
 */
import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { lockFolder } from '../src/store/sqlite/folder-lock.ts'

/** A directory of Linux whose files are in memory. */
const memory = '/dev/shm'
const memoryBytesMin = 32 * 1024 * 1024
const prefix = 'signet-embedded-'
/** The age from which a folder without a lock is abandoned. The owner of a younger folder may not have locked it yet. */
const youngMilliseconds = 60_000

const open = new Set<string>()

/** Creates an empty folder, mode 0700. `stack` or the end of the process removes it; a killed process leaves it. */
export function makePrivateFolder(stack: AsyncDisposableStack): string {
  const directory = makeIn(hasMemory() ? [memory, tmpdir()] : [tmpdir()])
  if (open.size === 0) process.on('exit', removeAll)
  open.add(directory)
  stack.defer(() => removePrivateFolder(directory))
  return directory
}

/** Removes a folder with its content, and the folders of killed processes. */
function removePrivateFolder(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
  open.delete(directory)
  if (open.size === 0) process.off('exit', removeAll)
  for (const parent of new Set([memory, tmpdir()])) sweep(parent)
}

function hasMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= memoryBytesMin
  } catch {
    return false
  }
}

function makeIn(parents: readonly string[]): string {
  const [parent = tmpdir(), ...alternatives] = parents
  try {
    return mkdtempSync(join(parent, prefix))
  } catch (error) {
    if (alternatives.length === 0) throw error
    return makeIn(alternatives)
  }
}

/** A folder that cannot be removed while its files are open remains for the sweep of another process. */
function removeAll(): void {
  for (const directory of open)
    try {
      rmSync(directory, { recursive: true, force: true })
    } catch {}
}

function sweep(parent: string): void {
  for (const name of namesIn(parent).filter((entry) => entry.startsWith(prefix)))
    removeIfAbandoned(join(parent, name))
}

/** A running process holds the lock of its folder. */
function removeIfAbandoned(directory: string): void {
  if (open.has(directory)) return
  try {
    const { mtimeMs, uid } = statSync(directory)
    const age = systemClock.now().getTime() - mtimeMs
    if (age < youngMilliseconds || uid !== process.getuid?.()) return
    const lock = lockFolder(directory)
    try {
      rmSync(directory, { recursive: true, force: true })
    } finally {
      lock.release()
    }
  } catch {
    // The folder is in use, belongs to another user, or no longer exists.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
