/**
 * The file for the call log. The file is rotated by size, and reopened after another program, such as logrotate, has moved,
 * replaced or removed it.
 */
import { constants, type Stats } from 'node:fs'
import { open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../clock.ts'
import { renameDurably } from '../files/durable-file.ts'
import type { Log } from '../telemetry/log.ts'

export interface CallLogSink {
  /**
   * Appends lines, each terminated by a line feed. Resolves when the operating system has accepted the lines, and rejects if the
   * write fails.
   */
  append(lines: string): Promise<void>
  /** Closes the file, and opens the file that is now at its path. */
  reopen(): Promise<void>
  close(): Promise<void>
}

export interface RotationLimits {
  /** File size in bytes above which the file is rotated. */
  readonly fileBytesMax: number
  /** Number of rotated files to keep. */
  readonly filesMax: number
}

const rotationDefault: RotationLimits = { fileBytesMax: 100 * 1024 * 1024, filesMax: 20 }

/** Opens a file for appending, with mode 0600 if it is new. Rejects if the file cannot be opened. */
export async function openCallLogFile(
  path: string,
  {
    clock,
    log,
    limits: { fileBytesMax, filesMax } = rotationDefault,
  }: { readonly clock: Clock; readonly log: Log; readonly limits?: RotationLimits },
): Promise<CallLogSink> {
  let file: FileHandle | undefined = await openForAppend(path)
  let bytesMax = fileBytesMax

  async function reopen(): Promise<FileHandle> {
    const old = file
    file = undefined
    await old?.close()
    file = await openForAppend(path)
    return file
  }

  /** Returns the open log file, rotating or reopening it first if necessary. */
  async function current(bytes: number): Promise<FileHandle> {
    if (file === undefined) return reopen()
    const [there, here] = await Promise.all([statOf(path), file.stat()])
    if (there === undefined || there.ino !== here.ino || there.dev !== here.dev) return reopen()
    const isFull = here.isFile() && here.size > 0 && here.size + bytes > bytesMax
    if (!isFull) return file
    try {
      await setAside(path, clock.now(), filesMax)
    } catch (err) {
      // If the folder is not writable, the file cannot be rotated, but no records are lost.
      log.error({ err }, 'the call log cannot be rotated; the file grows')
      bytesMax = here.size + fileBytesMax
      return file
    }
    bytesMax = fileBytesMax
    return reopen()
  }

  return {
    async append(lines) {
      const bytes = Buffer.from(lines)
      const target = await current(bytes.length)
      try {
        await writeAll(target, bytes)
      } catch (error) {
        // The next attempt reopens the file and checks whether its last line is complete.
        file = undefined
        await target.close().catch(() => {})
        throw error
      }
    },
    async reopen() {
      await reopen()
    },
    async close() {
      await file?.close()
      file = undefined
    },
  }
}

/** Opens a file for appending. If the last line is incomplete because the disk was full, a line feed is appended first. */
async function openForAppend(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_RDWR, O_WRONLY, O_NONBLOCK } = constants
  const isRegular = (await statOf(path))?.isFile() ?? true
  // Opening a pipe without a reader must not block.
  const mode = isRegular ? O_RDWR : O_WRONLY | O_NONBLOCK
  const file = await open(path, O_APPEND | O_CREAT | mode, 0o600)
  try {
    if (isRegular && (await endsWithinLine(file))) await writeAll(file, Buffer.from('\n'))
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function endsWithinLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return false
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer.toString('latin1') !== '\n'
}

/** Writes all bytes in as many writes as necessary, because a nearly full disk may accept only some of the bytes. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at)
    at += bytesWritten
  }
}

/** Renames the file to a name such as `calls.jsonl.20260301T081531123Z`, and removes the oldest rotated files. */
async function setAside(path: string, now: Date, filesMax: number): Promise<void> {
  const stamp = now.toISOString().replaceAll(/[-:.]/g, '')
  let target = `${path}.${stamp}`
  for (let n = 1; (await statOf(target)) !== undefined; n += 1) target = `${path}.${stamp}-${n}`
  await renameDurably(path, target)
  const name = basename(path)
  const rotated = (await readdir(dirname(path)))
    .filter((other) => other.startsWith(`${name}.`) && asideForm.test(other.slice(name.length)))
    .toSorted()
  for (const oldest of rotated.slice(0, Math.max(0, rotated.length - filesMax)))
    await unlink(join(dirname(path), oldest))
}

const asideForm = /^\.\d{8}T\d{9}Z(?:-\d+)?$/

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
