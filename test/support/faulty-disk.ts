/** Disks that are full, read-only, slow or broken. What cannot be had here skips the test loudly, and fails it under CI. */
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
  /** Fills the file system, except for a number of KiB. */
  fill(kibibytesLeft?: number): Promise<void>
  /** Gives it back. */
  makeRoom(): Promise<void>
}

/** A file system in memory of so many MiB, gone with the test. Undefined if there can be none here. */
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
    // Whoever still uses it keeps it until then.
    await run('umount', ['--lazy', path])
    await rm(path, { recursive: true })
  })
  const filler = join(path, 'lost+found')
  return {
    path,
    async fill(kibibytesLeft = 0) {
      await using file = await open(filler, 'a')
      const rest = async (): Promise<number> => {
        const { bavail, bsize } = await statfs(path)
        return bavail * bsize - kibibytesLeft * 1024
      }
      // A write may be cut short.
      for (let octets = await rest(); octets > 0; octets = await rest())
        await file.write(Buffer.alloc(octets))
    },
    makeRoom: () => rm(filler, { force: true }),
  }
}

function skipLoudly(t: TestContext, what: string, cause: unknown): void {
  const message = `NOT TESTED: ${what}`
  if (process.env['CI'] !== undefined) throw new Error(message, { cause })
  console.error(message)
  t.skip(message)
}

export interface FaultyDisk {
  /** For processes that are to meet the faults, with files below `under`. */
  readonly environment: Record<string, string>
  /** Delays every fsync. */
  slowDown(milliseconds: number): Promise<void>
  /** Whatever writes fails from now on, until it is told `undefined`. */
  refuse(code: 'EROFS' | 'EIO' | 'ENOSPC' | undefined): Promise<void>
  /** Number of completed fsync calls. */
  syncs(): Promise<number>
}

/** What stands between a process and its files below a folder. Undefined without a C compiler. */
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
  const put = async (at: number, value: number): Promise<void> => {
    const octets = Buffer.alloc(4)
    octets.writeInt32LE(value)
    await control.write(octets, 0, 4, at)
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
