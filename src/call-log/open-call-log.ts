/** Opens the destinations for call records: a file or standard output, a syslog server, or both. */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { QueuedCallLog, type CallLog } from './call-log.ts'
import { openCallLogFile, type CallLogSink } from './log-file.ts'
import { SyslogCallLog } from './syslog-call-log.ts'
import { connectSyslog, type SyslogServer } from './syslog-connection.ts'
import type { Clock } from '../clock.ts'
import { ConfigurationError } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import { systemErrorText } from '../text/system-error.ts'

export interface Destinations {
  /** Path of the file, or `-` for standard output. At least one of the file and the syslog server is defined. */
  readonly file: string | undefined
  readonly syslog: SyslogServer | undefined
}

/** Throws ConfigurationError if the file cannot be written. An unreachable syslog server is only logged. */
export async function openCallLog(
  { file, syslog }: Destinations,
  log: Log,
  clock: Clock,
): Promise<CallLog> {
  const local = file === undefined ? undefined : await openFile(file, log, clock)
  if (syslog === undefined && local !== undefined) return local
  const server = syslog as SyslogServer
  const remote = new SyslogCallLog({
    connect: (signal) => connectSyslog(server, signal),
    source: { hostname: hostname(), processId: process.pid },
    log,
  })
  return local === undefined ? remote : both(local, remote)
}

async function openFile(path: string, log: Log, clock: Clock): Promise<CallLog> {
  if (path === '-') return new QueuedCallLog(streamSink(process.stdout), log)
  if (!existsSync(dirname(path)))
    throw new ConfigurationError(`--call-log: the folder ${dirname(path)} does not exist`)
  try {
    return new QueuedCallLog(await openCallLogFile(path, { clock, log }), log)
  } catch (error) {
    throw new ConfigurationError(
      `the call log ${path} cannot be written: ${systemErrorText(error)}`,
      { cause: error },
    )
  }
}

/**
 * Creates a call log that writes records to a local call log and to a syslog server. Only the local call log can confirm that a
 * record was written.
 */
function both(local: CallLog, remote: CallLog): CallLog {
  return {
    write(record) {
      local.write(record)
      remote.write(record)
    },
    record(record) {
      remote.write(record)
      return local.record(record)
    },
    isWritable: () => local.isWritable(),
    onChange: (listener) => local.onChange(listener),
    reopen() {
      local.reopen()
      remote.reopen()
    },
    async close() {
      await Promise.all([local.close(), remote.close()])
    },
  }
}

/**
 * Creates a sink for a stream. Closing the sink does not close the stream. Errors on the stream are reported by failed writes.
 */
function streamSink(stream: Writable): CallLogSink {
  stream.on('error', () => {})
  return {
    append: (lines) =>
      new Promise((resolve, reject) => {
        stream.write(lines, (error) => (error ? reject(error) : resolve()))
      }),
    reopen: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
