/** Whether a SQLite database can be written now. */
import { withTimeout } from '../deadline.ts'
import { diskFaultOf, DiskFaultError, hasFreeSpace } from '../disk-faults.ts'
import { sqliteCode, sqliteCodes, probeWrite } from './connection.ts'
import type { SqliteWriter, WriterTask } from './writer-client.ts'
import type { Row } from '../sql.ts'

/** A disk that takes longer for one commit is of no use to a client. */
const probeMilliseconds = 5000

/** Runs tasks of the writer, and remembers the last fault that one of them met. */
export function watchWriter(
  writer: SqliteWriter,
  path: string,
): { readonly run: (task: WriterTask) => Promise<Row[][]>; readonly probe: () => Promise<void> } {
  let last: DiskFaultError | undefined

  async function run(task: WriterTask) {
    try {
      return await writer.run(task)
    } catch (error) {
      if (error instanceof DiskFaultError) last = error
      throw error
    }
  }

  return {
    run,
    /** Writes for certain: most of what jobs write changes nothing, and succeeds on a disk that is full. */
    async probe() {
      const before = last
      await withTimeout(
        probeMilliseconds,
        run({ kind: 'transaction', statements: [probeWrite] }),
        `a write takes longer than ${probeMilliseconds / 1000} seconds`,
      )
      // One page had room; what failed was larger.
      if (before?.fault === 'full' && !hasFreeSpace(path)) throw before
      if (last === before) last = undefined
    },
  }
}

/** What a read threw, as callers are to be told. */
export function readFailure(error: unknown, path: string): unknown {
  // A statement that writes is a fault of ours.
  if (sqliteCode(error) === sqliteCodes.readOnly) return error
  const fault = diskFaultOf(error, path)
  return fault === undefined ? error : new DiskFaultError(fault, (error as Error).message)
}
