/**
 * A thread that writes the log of a SQLite database back into its file, beside whoever writes to it. Passes follow each
 * other until little is left, as more is written during each.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { SqliteConnection } from './connection.ts'

const passesMax = 6
const leftMax = 64

function serve(port: NonNullable<typeof parentPort>, path: string): void {
  const connection = new SqliteConnection(path, { readOnly: false })
  port.on('message', (asked: 'checkpoint' | 'close') => {
    if (asked === 'close') {
      connection.close()
      port.close()
      return
    }
    let remaining = Number.POSITIVE_INFINITY
    for (let pass = 0; pass < passesMax && remaining > leftMax; pass += 1)
      remaining = writeBack(connection)
    port.postMessage(remaining)
  })
}

/** Pages of the log that are left. Readers, and a disk that is full, keep some back. */
function writeBack(connection: SqliteConnection): number {
  const [row] = connection.run({ text: 'pragma wal_checkpoint(passive)', values: [] })
  return Number(row?.['log']) - Number(row?.['checkpointed'])
}

if (parentPort !== null) serve(parentPort, (workerData as { path: string }).path)
