/**
 * Files that survive a power failure once the call has returned. A file appears under its name complete or not at all: its
 * content is written to a temporary file, flushed and renamed, and then the folder is flushed. Without the last step the name
 * itself may be lost.
 */
import { existsSync } from 'node:fs'
import {
  chmod,
  link,
  mkdir,
  open,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'

/** Errors of file systems and operating systems that cannot flush a folder and do so by themselves. */
const cannotSyncFolder: ReadonlySet<unknown> = new Set([
  'EINVAL',
  'EISDIR',
  'ENOTSUP',
  'EPERM',
  'EACCES',
])

/** Makes names that were created in a folder, renamed into it or removed from it durable. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r')
    await folder.sync()
  } catch (error) {
    if (!cannotSyncFolder.has((error as NodeJS.ErrnoException).code)) throw error
  }
}

/** Flushes a file that was written by a library. */
export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}

/** Renames a file or folder whose content is durable already; the new name is durable afterwards. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

/** Creates a folder and missing parents with that mode; an existing folder keeps its own. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await makeFolders(resolve(path), mode)
  if (first === undefined) return
  // The umask may have removed permissions.
  await chmod(path, mode)
  for (let made = resolve(path); ; made = dirname(made)) {
    await syncFolder(dirname(made))
    if (made === resolve(first) || made === dirname(made)) return
  }
}

/**
 * Creates a folder and missing parents. Returns the first one that it created, undefined if all existed. Node.js's own recursive
 * mkdir does not end for a folder below /proc.
 */
async function makeFolders(path: string, mode: number): Promise<string | undefined> {
  try {
    return await makeIfMissing(path, mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
  }
  const first = await makeFolders(dirname(path), mode)
  const own = await makeIfMissing(path, mode)
  return first ?? own
}

/** Creates one folder and returns its path; undefined if it exists, for example because a concurrent call created it. */
async function makeIfMissing(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode })
    return path
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return undefined
    throw error
  }
}

export interface FileContent {
  readonly path: string
  readonly content: string | Uint8Array
  /** Permissions, independent of the umask. */
  readonly mode: number
  /** Sets other permissions or another owner before the file has content. */
  readonly prepare?: (file: FileHandle) => Promise<void>
}

/** Writes a file, or replaces one. */
export async function replaceFile(file: FileContent): Promise<void> {
  await replaceFiles([file])
}

/**
 * Writes or replaces several files of one or more folders: all of them are on disk before the first is renamed, so that old
 * and new ones are side by side for as short a time as possible.
 */
export async function replaceFiles(files: readonly FileContent[]): Promise<void> {
  for (const file of files) await writeBeside(file, `${file.path}.new`)
  for (const { path } of files) await rename(`${path}.new`, path)
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder)
}

/**
 * Writes the file that a user names for output. A symbolic link keeps pointing at its target, which is replaced. A device or
 * a pipe, such as /dev/stdout, is written to.
 */
export async function writeOutput({ path, ...file }: FileContent): Promise<void> {
  if (!existsSync(path)) return replaceFile({ path, ...file })
  const isRegular = (await stat(path)).isFile()
  if (isRegular) return replaceFile({ path: await realpath(path), ...file })
  await writeFile(path, file.content)
}

/** Writes a file that must not exist (EEXIST), also if another process creates it at the same time. */
export async function createFile(file: FileContent): Promise<void> {
  const { path } = file
  if (existsSync(path)) throw existsAlready(path)
  const temporary = `${path}.${process.pid}`
  try {
    await writeBeside(file, temporary)
    // Unlike a rename, a link does not replace a file.
    await link(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(dirname(path))
}

function existsAlready(path: string): Error {
  return Object.assign(new Error(`EEXIST: ${basename(path)} exists already`), { code: 'EEXIST' })
}

async function writeBeside(
  { content, mode, prepare }: FileContent,
  temporary: string,
): Promise<void> {
  // Left over from an interrupted call.
  await rm(temporary, { force: true })
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.chmod(mode)
    await prepare?.(file)
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}
