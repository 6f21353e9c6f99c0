/**
 * Decides how API calls are recorded: authenticated calls individually, and failed unauthenticated calls in aggregate.
 * Without aggregation, anyone could fill the disk or cause all other records to be rotated out of the call log.
 */
import { networkOf } from '../text/ip-address.ts'
import { ServiceError } from '../errors.ts'
import { callRecord, repeatedRecord, type EndedCall } from './call-record.ts'

export interface CallLogPort {
  write(record: object): void
  /** Resolves to whether the operating system has accepted the call record. */
  record(record: object): Promise<boolean>
  isWritable(): boolean
}

export interface CallRecorder {
  /** Whether the server rejects calls that cannot be recorded. */
  readonly isRequired: boolean
  /** Records an API call, and returns whether its response may be sent. */
  record(call: EndedCall): boolean | Promise<boolean>
  /**
   * Throws ServiceUnavailable if records are required and cannot be written at present. The caller must check that
   * the call log is writable before the call has any effect.
   */
  requireWritable(): void
  /** Writes the aggregated call records. */
  flush(): void
}

export interface CallRecorderOptions {
  /** Whether to reject calls that cannot be recorded. */
  readonly required: boolean
  /** Runs `work` after a delay in milliseconds; uses a timer by default. */
  readonly later?: (work: () => void, milliseconds: number) => void
}

interface Counted {
  readonly first: EndedCall
  count: number
  firstAt: Date
  lastAt: Date
}

const windowMilliseconds = 60_000
/** Maximum number of combinations of source and error code that are recorded separately within a minute. */
const sourcesMax = 1000

export function createCallRecorder(
  callLog: CallLogPort,
  { required, later = inBackground }: CallRecorderOptions,
): CallRecorder {
  let counted = new Map<string, Counted>()

  /** Records the first call for each source and error code immediately, and further calls within a minute as one record. */
  function count(call: EndedCall): void {
    if (counted.size === 0) later(flush, windowMilliseconds)
    const own = kindOf(call, call.sourceIp)
    const isKnown = counted.has(own) || counted.size < sourcesMax
    const kind = isKnown ? own : kindOf(call, undefined)
    const found = counted.get(kind)
    if (found === undefined) {
      const first = isKnown ? call : { ...call, sourceIp: undefined }
      counted.set(kind, { first, count: 0, firstAt: call.time, lastAt: call.time })
      callLog.write(callRecord(first))
      return
    }
    if (found.count === 0) found.firstAt = call.time
    found.count += 1
    found.lastAt = call.time
  }

  function flush(): void {
    const finished = counted
    counted = new Map()
    for (const { first, ...repeated } of finished.values())
      if (repeated.count > 0) callLog.write(repeatedRecord(first, repeated))
  }

  return {
    isRequired: required,
    record(call) {
      if (call.caller === undefined && call.error !== undefined) {
        count(call)
        return true
      }
      if (required) return callLog.record(callRecord(call))
      callLog.write(callRecord(call))
      return true
    },
    requireWritable() {
      if (required && !callLog.isWritable()) throw notRecorded()
    },
    flush,
  }
}

/** Creates the error response for a call that cannot be recorded. */
export function notRecorded(): ServiceError {
  return new ServiceError(
    'ServiceUnavailable',
    'The call cannot be recorded in the call log, which this server requires. Try again later.',
  )
}

function kindOf({ error }: EndedCall, sourceIp: string | undefined): string {
  return `${error?.code} ${sourceIp === undefined ? '' : networkOf(sourceIp)}`
}

function inBackground(work: () => void, milliseconds: number): void {
  setTimeout(work, milliseconds).unref()
}
