/** Where records of calls go: a file that is rotated, or standard output. Nothing waits for it. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { createStream } from 'rotating-file-stream'
import { ConfigurationError } from './errors.ts'
import type { Log } from './log.ts'
import { visibleJson } from './visible-text.ts'

export interface CallLog {
  /** Writes one record. Never blocks; when the disk does not keep up for long, records are dropped, and the log says so. */
  write(record: object): void
  /** Writes what is still waiting. */
  close(): Promise<void>
}

/** What may wait to be written. */
const waitingOctetsMax = 64 * 1024 * 1024
/** How long a file that failed is left alone. */
const pauseMilliseconds = 1000

/** Records to the file at that path, `-` for standard output. Throws ConfigurationError if it cannot be written. */
export async function openCallLog(path: string, log: Log): Promise<CallLog> {
  if (path === '-') return callLogTo(process.stdout, log)
  if (!existsSync(dirname(path)))
    throw new ConfigurationError(`--call-log: there is no folder ${dirname(path)}`)
  try {
    return callLogTo(await openFile(path), log, () => openFile(path))
  } catch (error) {
    throw new ConfigurationError(
      `the call log ${path} cannot be written: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** A file that ends within a line, as one does whose disk was full, gets an end of that line first. */
async function openFile(path: string): Promise<Writable> {
  const endsWithin = await endsWithinLine(path)
  const file = createStream(basename(path), {
    path: dirname(path),
    size: '100M',
    maxFiles: 20,
    mode: 0o600,
  })
  await once(file, 'open')
  if (endsWithin) file.write('\n')
  return file
}

async function endsWithinLine(path: string): Promise<boolean> {
  if (!existsSync(path)) return false
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  if (size === 0) return false
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer.toString('latin1') !== '\n'
}

/** `reopen` makes the stream anew after it has failed; without it the stream is not ours to end either. */
function callLogTo(first: Writable, log: Log, reopen?: () => Promise<Writable>): CallLog {
  let stream: Writable | undefined
  let dropped = 0
  let isFailing = false
  let isClosed = false
  let timer: NodeJS.Timeout | undefined

  /** Says so once, and again when it is over. */
  const drop = (count: number, why: string, err?: unknown): void => {
    if (!isFailing) log.error({ err }, `the call log ${why}; records are dropped`)
    isFailing = true
    dropped += count
  }
  const written = (error: Error | null | undefined): void => {
    if (error) drop(1, 'cannot be written', error)
    else if (isFailing) {
      log.error({ dropped }, 'the call log is written again')
      isFailing = false
      dropped = 0
    }
  }
  const failed = (error: unknown): void => {
    drop(0, 'cannot be written', error)
    if (reopen === undefined || isClosed) return
    stream = undefined
    clearTimeout(timer)
    timer = setTimeout(() => useAgain(reopen), pauseMilliseconds).unref()
  }
  const useAgain = (make: () => Promise<Writable>): void => {
    make().then(use, failed)
  }
  const use = (next: Writable): void => {
    stream = next
    next.on('error', failed)
    if (isClosed) next.end()
  }
  use(first)
  return {
    write(record) {
      if (stream === undefined) drop(1, 'cannot be written')
      else if (stream.writableLength > waitingOctetsMax) drop(1, 'does not keep up')
      else stream.write(`${visibleJson(JSON.stringify(record))}\n`, written)
    },
    close: () =>
      new Promise((resolve) => {
        isClosed = true
        clearTimeout(timer)
        if (stream === undefined) resolve()
        else if (reopen === undefined) stream.write('', () => resolve())
        else stream.end(() => resolve())
      }),
  }
}
