/**
 * The temporary data folder of an embedded CA or of `signet serve --dev`. An in-memory SQLite database would not work, because
 * the writer, the reader and the CRL thread have separate connections. Separate connections can share a database only through a
 * file.
 */
import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import { lockFolder } from '../store/sqlite/folder-lock.ts'

/** Path of the in-memory file system on Linux. */
const memory = '/dev/shm'
const memoryBytesMin = 32 * 1024 * 1024
const prefix = 'signet-embedded-'
/** Age below which a temporary folder is never removed, because its owner might not have locked it yet. */
const youngMilliseconds = 60_000

const open = new Set<string>()

/**
 * Creates an empty folder with mode 0700. Unless the process is killed, the folder is removed when `stack` is disposed of or when
 * the process exits.
 */
export function makePrivateFolder(stack: AsyncDisposableStack): string {
  const directory = makeIn(hasMemory() ? [memory, tmpdir()] : [tmpdir()])
  if (open.size === 0) process.on('exit', removeAll)
  open.add(directory)
  stack.defer(() => removePrivateFolder(directory))
  return directory
}

/** Removes a temporary folder, and all temporary folders that killed processes have left behind. */
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

/** Removes all temporary folders. If a folder cannot be removed because its files are open, a later process removes it. */
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

/** Removes a temporary folder unless a running process holds the folder's lock. */
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
    // The temporary folder is in use, belongs to another user, or no longer exists.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
