/** Disks that are full, read-only, slow or broken. If a disk cannot be simulated, the test is skipped, or fails in CI. */
import { execFile } from 'node:child_process'
import { mkdtemp, open, rm, statfs, writeFile, type FileHandle } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { tool } from './foreign-tools.ts'

const run = promisify(execFile)

export interface SmallDisk {
  /** Path of the mount point. */
  readonly path: string
  /** Fills the file system until only `kibibytesLeft` KiB are free. */
  fill(kibibytesLeft?: number): Promise<void>
  /** Frees the space that `fill` occupies. */
  makeRoom(): Promise<void>
}

/** Mounts an in-memory file system of the given size until the end of the test. Returns undefined if mounting is not possible. */
export async function smallDisk(
  t: TestContext,
  mebibytes: number,
  more: readonly string[] = [],
): Promise<SmallDisk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'signet-disk-'))
  const options = [`size=${mebibytes}m`, 'mode=0700', ...more].join(',')
  try {
    await run('mount', ['-t', 'tmpfs', '-o', options, 'signet', path])
  } catch (error) {
    await rm(path, { recursive: true })
    skipLoudly(t, 'no file system can be mounted here', error)
    return undefined
  }
  t.after(async () => {
    // A lazy unmount succeeds even if a process still has files open.
    await run('umount', ['--lazy', path])
    await rm(path, { recursive: true })
  })
  const filler = join(path, 'lost+found')
  return {
    path,
    async fill(kibibytesLeft = 0) {
      await using file = await open(filler, 'a')
      const freeBytes = async (): Promise<number> => {
        const { bavail, bsize } = await statfs(path)
        return bavail * bsize - kibibytesLeft * 1024
      }
      // A write may be partial.
      for (let bytes = await freeBytes(); bytes > 0; bytes = await freeBytes())
        await file.write(Buffer.alloc(bytes))
    },
    makeRoom: () => rm(filler, { force: true }),
  }
}

function skipLoudly(t: TestContext, reason: string, cause: unknown): void {
  const message = `NOT TESTED: ${reason}`
  if (process.env['CI'] !== undefined) throw new Error(message, { cause })
  console.error(message)
  t.skip(message)
}

export interface FaultyDisk {
  /** Environment variables that apply the faults to a process's files in `under`. */
  readonly environment: Record<string, string>
  /** Delays every fsync call. */
  slowDown(milliseconds: number): Promise<void>
  /** Makes all writes fail with the given error; `undefined` makes them succeed again. */
  refuse(code: 'EROFS' | 'EIO' | 'ENOSPC' | undefined): Promise<void>
  /** Number of completed fsync calls. */
  syncs(): Promise<number>
}

/** Builds a library that intercepts a process's file operations in a folder, or returns undefined if there is no C compiler. */
export async function faultyDisk(t: TestContext, under: string): Promise<FaultyDisk | undefined> {
  const compiler = await tool(t, 'cc')
  if (compiler === undefined) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'signet-faulty-'))
  const library = join(folder, 'faulty-disk.so')
  const source = join(import.meta.dirname, 'faulty-disk.c')
  await run(compiler, ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'])
  const path = join(folder, 'control')
  await writeFile(path, Buffer.alloc(12))
  const control: FileHandle = await open(path, 'r+')
  t.after(async () => {
    await control.close()
    await rm(folder, { recursive: true })
  })
  const put = async (position: number, value: number): Promise<void> => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(value)
    await control.write(bytes, 0, 4, position)
  }
  return {
    environment: { LD_PRELOAD: library, FAULTY_CONTROL: path, FAULTY_UNDER: under },
    slowDown: (milliseconds) => put(0, milliseconds),
    refuse: (code) => put(4, code === undefined ? 0 : constants.errno[code]),
    async syncs() {
      const { buffer } = await control.read(Buffer.alloc(4), 0, 4, 8)
      return buffer.readInt32LE()
    },
  }
}
