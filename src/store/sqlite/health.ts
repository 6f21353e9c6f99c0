/** Health of a SQLite database: whether the database can currently be written. */
import { withTimeout } from '../deadline.ts'
import { diskFaultOf, DiskFaultError, hasFreeSpace } from '../disk-faults.ts'
import { sqliteCode, sqliteCodes, probeWrite } from './connection.ts'
import type { SqliteWriter, WriterTask } from './writer-client.ts'
import type { Row } from '../sql.ts'

/** Timeout of the test write. */
const probeMilliseconds = 5000

/** Runs the tasks of the writer, and remembers the disk fault of the last failed task. */
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
    /**
     * Tests whether the disk is writable. Successful job runs prove little, because most runs change nothing and succeed even on
     * a full disk.
     */
    async probe() {
      const before = last
      await withTimeout(
        probeMilliseconds,
        run({ kind: 'transaction', statements: [probeWrite] }),
        `a write takes longer than ${probeMilliseconds / 1000} seconds`,
      )
      // The small test write may succeed on an almost full disk on which a larger write has failed.
      if (before?.fault === 'full' && !hasFreeSpace(path)) throw before
      if (last === before) last = undefined
    },
  }
}

/** Converts an error from a read to an error for the caller. */
export function readFailure(error: unknown, path: string): unknown {
  // A query that tries to write is a bug.
  if (sqliteCode(error) === sqliteCodes.readOnly) return error
  const fault = diskFaultOf(error, path)
  return fault === undefined ? error : new DiskFaultError(fault, (error as Error).message)
}
