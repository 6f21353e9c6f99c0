/** Where records of calls go: a file that is rotated, or standard output. Nothing waits for it. */
import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { createStream } from 'rotating-file-stream'
import { ConfigurationError } from './errors.ts'
import type { Log } from './log.ts'

export interface CallLog {
  /** Writes one record. Never blocks; when the disk does not keep up for long, records are dropped, and the log says so. */
  write(record: object): void
  /** Writes what is still waiting. */
  close(): Promise<void>
}

/** What may wait to be written. */
const waitingOctetsMax = 64 * 1024 * 1024

/** Records to the file at that path, `-` for standard output. Throws ConfigurationError if it cannot be written. */
export async function openCallLog(path: string, log: Log): Promise<CallLog> {
  if (path === '-') return callLogTo(process.stdout, log, false)
  if (!existsSync(dirname(path)))
    throw new ConfigurationError(`--call-log: there is no folder ${dirname(path)}`)
  const file = createStream(basename(path), {
    path: dirname(path),
    size: '100M',
    maxFiles: 20,
    mode: 0o600,
  })
  await new Promise<void>((resolve, reject) => {
    file.once('open', () => resolve())
    file.once('error', (error) =>
      reject(new ConfigurationError(`the call log ${path} cannot be written: ${error.message}`)),
    )
  })
  return callLogTo(file, log, true)
}

function callLogTo(stream: Writable, log: Log, isOwn: boolean): CallLog {
  let dropped = 0
  stream.on('error', (error) => log.error({ err: error }, 'the call log cannot be written'))
  return {
    write(record) {
      if (stream.writableLength > waitingOctetsMax) {
        if (dropped === 0) log.error('the call log does not keep up; records are dropped')
        dropped += 1
        return
      }
      if (dropped > 0) log.error({ dropped }, 'the call log keeps up again')
      dropped = 0
      stream.write(`${JSON.stringify(record)}\n`)
    },
    close: () =>
      new Promise((resolve) => {
        if (isOwn) stream.end(() => resolve())
        else stream.write('', () => resolve())
      }),
  }
}
