/** Syslog messages (RFC 5424) for call records, framed as in RFC 5425: the length in bytes, a space, and the message. */

export interface SyslogSource {
  readonly hostname: string
  readonly processId: number
}

/**
 * Maximum length of a syslog message in bytes. Receivers should accept messages of 8192 bytes (RFC 5425, 4.3.1), and rsyslog
 * truncates longer messages by default.
 */
export const messageBytesMax = 8192

/**
 * Priority values: facility 13 (log audit), with severity 5 (notice) for failed calls and severity 6 (informational) for all
 * others.
 */
const facility = 13
const severity = { failed: 5, succeeded: 6 }

/** Members to omit, in this order, until the message is short enough. */
const omissible = ['responseElements', 'requestParameters', 'userAgent', 'errorMessage'] as const

type CallRecord = Readonly<Record<string, unknown>>

/** Returns the syslog frame for a call record. */
export function syslogFrame(record: object, source: SyslogSource): Buffer {
  let short = record as CallRecord
  let message = messageOf(short, source)
  for (const name of omissible) {
    if (message.length <= messageBytesMax) break
    const originalSize = asciiJson(short[name] ?? null).length
    const reason = `a syslog message has at most ${messageBytesMax} bytes`
    short = { ...short, [name]: { omitted: true, originalSize, reason } }
    message = messageOf(short, source)
  }
  const bytes = message.slice(0, messageBytesMax)
  return Buffer.from(`${bytes.length} ${bytes}`, 'latin1')
}

/** The message contains only ASCII, so each character is one byte, and no byte order mark is needed. */
function messageOf(record: CallRecord, { hostname, processId }: SyslogSource): string {
  const { errorCode, eventTime } = record
  const priority = facility * 8 + severity[errorCode === undefined ? 'succeeded' : 'failed']
  const time = typeof eventTime === 'string' ? eventTime : '-'
  const host = hostname.replaceAll(/[^\x21-\x7E]/g, '').slice(0, 255) || '-'
  return `<${priority}>1 ${time} ${host} signet ${processId} ApiCall - ${asciiJson(record)}`
}

/** Returns JSON in which all characters outside printable ASCII are escaped. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7E]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
