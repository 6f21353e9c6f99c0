/** What the processes of a server, and an embedded CA, have in common: where they start from, and how they end. */
import type { Clock } from '../clock.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import type { CredentialsFile } from '../data-folder/first-start.ts'
import type { MasterKey } from '../data-folder/master-key.ts'
import type { MasterKeyRing } from '../data-folder/master-key-ring.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { Random } from '../random.ts'
import type { Config } from '../settings/config.ts'
import type { Database } from '../store/database.ts'
import type { Log } from '../telemetry/log.ts'
import type { ProcessFaults } from '../telemetry/metrics.ts'

/** What a process is given before anything is open. */
export interface ProcessContext {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The server cannot go on, for example because the disk refuses writes. */
  readonly onFailure: (error: Error) => void
  /** Faults of this process, which metrics show. */
  readonly faults?: ProcessFaults
  /** The master key, if it does not come from its file. */
  readonly masterKey?: MasterKey | undefined
  /** Puts something between the server and its object store: tests do, to see it fail. */
  readonly wrapObjects?: (objects: ObjectStore) => ObjectStore
  /** Puts something between the server and its database: tests do, to observe its statements. */
  readonly wrapDatabase?: (db: Database) => Database
}

/** A process whose data is open. */
export interface Runtime extends ProcessContext {
  readonly config: Config
  readonly data: DataFolder
  /** Closes everything in the reverse order of its opening. */
  readonly stack: AsyncDisposableStack
}

/** A server that answers. */
export interface App {
  /** The URLs of the listeners, with the port that the system chose if the configuration has port 0. */
  readonly apiUrl: string
  readonly publicUrl: string
  /** URL of the metrics. Undefined if the API listener serves them. */
  readonly metricsUrl: string | undefined
  readonly credentials: CredentialsFile
  readonly masterKeys: MasterKeyRing
  /** Reads again what may change while it runs. Throws ConfigurationError, and changes nothing, if that is invalid. */
  readonly reload: () => Promise<void>
  /** Stops accepting, finishes what is running, closes. */
  close(): Promise<void>
}

/** Runs `start`, and adds `close` to its result. If `start` fails, everything that it opened is closed again. */
export async function startProcess<Result extends object>(
  start: (stack: AsyncDisposableStack) => Promise<Result>,
): Promise<Result & { close(): Promise<void> }> {
  const stack = new AsyncDisposableStack()
  try {
    return { ...(await start(stack)), close: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
