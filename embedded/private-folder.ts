/**
 * The folder of a CA that is kept nowhere. SQLite's own in-memory databases cannot take its place: the writer, the reader
 * and the thread that builds CRLs each have a connection, and what they share has to be a file.
 */
import { mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/clock.ts'
import { lockFolder } from '../src/store/sqlite/folder-lock.ts'

/** Memory that looks like a folder, on Linux. */
const memory = '/dev/shm'
const memoryBytesMin = 32 * 1024 * 1024
const prefix = 'signet-embedded-'
/** A folder younger than this may be one that its owner has not locked yet. */
const youngMilliseconds = 60_000

const open = new Set<string>()

/** Makes an empty folder, mode 0700, that is removed with `stack`, or when the process ends, unless it is killed. */
export function makePrivateFolder(stack: AsyncDisposableStack): string {
  const directory = makeIn(hasMemory() ? [memory, tmpdir()] : [tmpdir()])
  if (open.size === 0) process.on('exit', removeAll)
  open.add(directory)
  stack.defer(() => removePrivateFolder(directory))
  return directory
}

/** Removes a folder with its content, and the folders that killed processes have left behind. */
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

/** Folders that cannot be removed while their files are open are left to the sweep of another process. */
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
    // In use, another's, or gone.
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
