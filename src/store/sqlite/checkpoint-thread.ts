/**
 * A thread that copies a SQLite database's write-ahead log into the database file while a writer appends to the log. The thread
 * repeats the copy until few pages are left.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { SqliteConnection } from './connection.ts'

const passesMax = 6
const remainingPagesMax = 64

function serve(port: NonNullable<typeof parentPort>, path: string): void {
  const connection = new SqliteConnection(path, { readOnly: false })
  port.on('message', (request: 'checkpoint' | 'close') => {
    if (request === 'close') {
      connection.close()
      port.close()
      return
    }
    let remaining = Number.POSITIVE_INFINITY
    for (let pass = 0; pass < passesMax && remaining > remainingPagesMax; pass += 1)
      remaining = writeBack(connection)
    port.postMessage(remaining)
  })
}

/**
 * Copies the write-ahead log, and returns the number of pages that remain in it. Pages remain if readers still use them or the
 * disk is full.
 */
function writeBack(connection: SqliteConnection): number {
  const [row] = connection.run({ text: 'pragma wal_checkpoint(passive)', values: [] })
  return Number(row?.['log']) - Number(row?.['checkpointed'])
}

if (parentPort !== null) serve(parentPort, (workerData as { path: string }).path)
