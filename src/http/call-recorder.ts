/**
 * What becomes of records: calls of a proved caller are recorded one by one. Calls that nobody was proved to have made are
 * counted, or anyone could fill the disk and push everything else out of the call log.
 */
import { networkOf } from '../access/failure-limiter.ts'
import { ServiceError } from '../errors.ts'
import { callRecord, repeatedRecord, type EndedCall } from './call-record.ts'

/** Where records go. */
export interface CallLogPort {
  write(record: object): void
  /** Resolves to whether the record was taken by the operating system. */
  record(record: object): Promise<boolean>
  isWritable(): boolean
}

export interface CallRecorder {
  /** Whether a call that cannot be recorded is refused. */
  readonly isRequired: boolean
  /** Records a call; resolves to whether its answer may leave. */
  record(call: EndedCall): boolean | Promise<boolean>
  /** Throws ServiceUnavailable for a call that could not be recorded, before it has an effect. */
  requireWritable(): void
  /** Writes what was counted until now. */
  flush(): void
}

export interface CallRecorderOptions {
  /** Whether a call that cannot be recorded is refused. */
  readonly required: boolean
  /** Runs `work` after so many milliseconds. */
  readonly later?: (work: () => void, milliseconds: number) => void
}

interface Counted {
  readonly first: EndedCall
  count: number
  firstAt: Date
  lastAt: Date
}

const windowMilliseconds = 60_000
/** Sources with an error each that are told apart within a minute. */
const sourcesMax = 1000

export function createCallRecorder(
  callLog: CallLogPort,
  { required, later = inBackground }: CallRecorderOptions,
): CallRecorder {
  let counted = new Map<string, Counted>()

  /** The first of a kind is recorded at once, the others of a minute together. */
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
    const ended = counted
    counted = new Map()
    for (const { first, ...repeated } of ended.values())
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

/** What is answered to a call that cannot be recorded. */
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
