/**
 * Writes files that survive a power failure after the call has returned. A file appears under its name either completely or not
 * at all. The content is written to a temporary file, which is flushed and renamed. After the rename, the folder is flushed, so
 * that the new file name is durable.
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

/** Error codes for a folder that cannot be flushed. Systems that return these codes make file names durable on their own. */
const cannotSyncFolder: ReadonlySet<unknown> = new Set([
  'EINVAL',
  'EISDIR',
  'ENOTSUP',
  'EPERM',
  'EACCES',
])

/** Flushes a folder to disk, so that created, renamed and removed files in it are durable. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r')
    await folder.sync()
  } catch (error) {
    if (!cannotSyncFolder.has((error as NodeJS.ErrnoException).code)) throw error
  }
}

/** Flushes a file that a library has written. */
export async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}

/** Renames a file or folder, and makes the new name durable. The file's content must already be durable. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

/** Creates a folder and its missing parents with the given mode. The mode of an existing folder is not changed. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await makeFolders(resolve(path), mode)
  if (first === undefined) return
  // The umask may have removed permissions.
  await chmod(path, mode)
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    await syncFolder(dirname(folder))
    if (folder === resolve(first) || folder === dirname(folder)) return
  }
}

/**
 * Creates a folder and its missing parents. Returns the topmost folder that was created, or undefined if all folders existed.
 * Node.js's recursive mkdir never returns for a folder below /proc.
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

/** Creates a folder and returns its path, or undefined if it exists, for example because a concurrent call created it. */
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
  /** Permissions of the file, independent of the umask. */
  readonly mode: number
  /** Changes the file's permissions or owner before the content is written. */
  readonly prepare?: (file: FileHandle) => Promise<void>
}

/** Writes or replaces a file. */
export async function replaceFile(file: FileContent): Promise<void> {
  await replaceFiles([file])
}

/**
 * Writes or replaces several files in one or more folders. All files are written to disk before the first rename, so that old and
 * new files coexist only briefly.
 */
export async function replaceFiles(files: readonly FileContent[]): Promise<void> {
  for (const file of files) await writeBeside(file, `${file.path}.new`)
  for (const { path } of files) await rename(`${path}.new`, path)
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder)
}

/**
 * Writes an output file that a user has specified. If the file is a symbolic link, its target is replaced and the link is kept.
 * If the file is a device or a pipe, such as /dev/stdout, the content is written to it.
 */
export async function writeOutput({ path, ...file }: FileContent): Promise<void> {
  if (!existsSync(path)) return replaceFile({ path, ...file })
  const isRegular = (await stat(path)).isFile()
  if (isRegular) return replaceFile({ path: await realpath(path), ...file })
  await writeFile(path, file.content)
}

/** Writes a new file. Throws EEXIST if the file exists, even if another process creates it concurrently. */
export async function createFile(file: FileContent): Promise<void> {
  const { path } = file
  if (existsSync(path)) throw fileExistsError(path)
  const temporary = `${path}.${process.pid}`
  try {
    await writeBeside(file, temporary)
    // Unlike a rename, a link does not replace an existing file.
    await link(temporary, path)
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(dirname(path))
}

function fileExistsError(path: string): Error {
  return Object.assign(new Error(`EEXIST: ${basename(path)} already exists`), { code: 'EEXIST' })
}

async function writeBeside(
  { content, mode, prepare }: FileContent,
  temporary: string,
): Promise<void> {
  // An interrupted call may have left a temporary file behind.
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
