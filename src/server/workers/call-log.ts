/** The worker's side of the call log, which the primary writes. */
import type { CallLogPort } from '../../call-log/call-recorder.ts'
import { createBatch, type CallLogItem, type RecordOutcome } from './messages.ts'

export interface WorkerCallLog extends CallLogPort {
  /** Handles outcomes of records from the primary. */
  settled(outcomes: readonly RecordOutcome[]): void
  /** Handles a change of the file's state from the primary. */
  changed(isWritable: boolean): void
}

/** Records of one turn of the event loop are sent together. */
export function createWorkerCallLog(
  send: (records: readonly CallLogItem[]) => void,
): WorkerCallLog {
  const waiting = new Map<number, (isWritten: boolean) => void>()
  const add = createBatch(send)
  let nextId = 0
  let writable = true
  return {
    write: (record) => add({ record, id: undefined }),
    record: (record) =>
      new Promise((resolve) => {
        nextId += 1
        waiting.set(nextId, resolve)
        add({ record, id: nextId })
      }),
    isWritable: () => writable,
    settled(outcomes) {
      for (const { id, isWritten } of outcomes) {
        waiting.get(id)?.(isWritten)
        waiting.delete(id)
      }
    },
    changed(isWritable) {
      writable = isWritable
    },
  }
}
