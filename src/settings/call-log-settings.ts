/** The destinations of the call log: a file or standard output, a syslog server, or both. */
import { resolve } from 'node:path'
import { syslogScheme, type Address } from './parse-values.ts'
import type { Read } from './read-setting.ts'

export interface CallLogConfig {
  /** Absolute path, or `-` for standard output; undefined if records are sent only to a syslog server. */
  readonly file: string | undefined
  /** Syslog server; undefined if there is none. */
  readonly syslog: SyslogConfig | undefined
}

export interface SyslogConfig extends Address {
  /** Absolute paths of PEM files. Without a CA file, Node.js's default CAs are trusted. */
  readonly caFile: string | undefined
  /** Certificate and key that this server presents. The certificate and the key must be set together, or not at all. */
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
}

/** Reads the call log settings, and adds invalid combinations to `problems`. */
export function callLogConfig(read: Read, problems: string[]): CallLogConfig | undefined {
  const destinations = read('callLog')
  const files = {
    caFile: resolved(read('callLogCa')),
    certFile: resolved(read('callLogCert')),
    keyFile: resolved(read('callLogKey')),
  }
  const { file, syslog } = destinations ?? {}
  if (destinations !== undefined && syslog === undefined && Object.values(files).some(Boolean))
    problems.push(
      `--call-log-ca, --call-log-cert and --call-log-key require --call-log ${syslogScheme}HOST:PORT`,
    )
  if ((files.certFile === undefined) !== (files.keyFile === undefined))
    problems.push('--call-log-cert requires --call-log-key, and vice versa')
  if (read('callLogRequired') === 'true' && file === undefined)
    problems.push(requiredProblem(syslog))
  return (
    destinations && {
      file: file === undefined || file === '-' ? file : resolve(file),
      syslog: syslog && { ...syslog, ...files },
    }
  )
}

/** A syslog server does not confirm that it has stored a record, so only a file or standard output can be required. */
function requiredProblem(syslog: Address | undefined): string {
  return syslog === undefined
    ? '--call-log-required requires --call-log'
    : `--call-log-required requires a file, because syslog has no acknowledgement; use --call-log FILE,${syslogScheme}HOST:PORT`
}

function resolved(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path)
}
