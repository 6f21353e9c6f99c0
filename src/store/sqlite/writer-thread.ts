/**
 * The writer thread of a SQLite database. The thread puts all waiting transactions into one commit, each in its own savepoint,
 * and replies after the commit.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { CommitFence, type Ownership } from './ownership.ts'
import { startCheckpoints } from './checkpoints.ts'
import { SqliteConnection } from './connection.ts'
import {
  commitGroup,
  groupMax,
  statementsOf,
  truncateLog,
  type Transaction,
  type WriterRequest,
} from './group-commit.ts'

/** Input of the writer thread. */
export interface WriterData {
  readonly path: string
  /** The server's ownership of the database, or undefined for a command. */
  readonly ownership: Ownership | undefined
}

function serve(port: NonNullable<typeof parentPort>, { path, ownership }: WriterData): void {
  const connection = new SqliteConnection(path, { readOnly: false })
  const checkpoints = startCheckpoints(path, connection)
  const fence = ownership && new CommitFence(path, ownership)
  port.postMessage([])
  port.on('message', (first: WriterRequest) => {
    let request: WriterRequest | undefined = first
    while (request !== undefined) {
      if (request.kind === 'transaction') request = commitFrom(request)
      else {
        handle(request)
        request = next()
      }
    }
  })

  /** Commits a group of transactions that starts with `first`. Returns the next request if it is not a transaction. */
  function commitFrom(first: Transaction): WriterRequest | undefined {
    const group = [first]
    let following = next()
    while (following?.kind === 'transaction') {
      group.push(following)
      if (group.length === groupMax) {
        following = undefined
        break
      }
      following = next()
    }
    port.postMessage(commitGroup(connection, group, fence))
    checkpoints.wrote(statementsOf(group))
    return following ?? next()
  }

  function next(): WriterRequest | undefined {
    return receiveMessageOnPort(port)?.message
  }

  function handle(request: Exclude<WriterRequest, Transaction>): void {
    if (request.kind === 'close') close().catch(endThread)
    else port.postMessage([truncateLog(connection, request.id)])
  }

  async function close(): Promise<void> {
    await checkpoints.close()
    fence?.close()
    connection.close()
    port.close()
  }
}

/** Throws the error as an uncaught error, which the main thread receives. */
function endThread(error: unknown): void {
  setImmediate(() => {
    throw error
  })
}

if (parentPort !== null) serve(parentPort, workerData as WriterData)
