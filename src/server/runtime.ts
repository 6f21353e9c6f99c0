/** Startup and shutdown code that server processes and embedded CAs share. */
import type { Clock } from '../clock.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import type { CredentialsFile } from '../data-folder/first-start.ts'
import type { MasterKey } from '../data-folder/master-key.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { Random } from '../random.ts'
import type { Config } from '../settings/config.ts'
import type { Database } from '../store/database.ts'
import type { Log } from '../telemetry/log.ts'
import type { ProcessFaults } from '../telemetry/metrics.ts'
import type { EnteredShare } from './unlock-requests.ts'

/** Dependencies of a process that exist before it opens anything. */
export interface ProcessContext {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Called when the server cannot continue, for example because the disk rejects writes. */
  readonly onFailure: (error: Error) => void
  /** Fault counts of this process, for its metrics. */
  readonly faults?: ProcessFaults
  /** The master key, if it is not read from its file. */
  readonly masterKey?: MasterKey | undefined
  /** The shares that unlocked this server. */
  readonly enteredShares?: readonly EnteredShare[]
  /** Wraps the object store. Tests use it to inject failures. */
  readonly wrapObjects?: (objects: ObjectStore) => ObjectStore
  /** Wraps the database. Tests use it to observe statements. */
  readonly wrapDatabase?: (db: Database) => Database
}

/** A process whose data is open. */
export interface Runtime extends ProcessContext {
  readonly config: Config
  readonly data: DataFolder
  /** Closes everything in reverse order of opening. */
  readonly stack: AsyncDisposableStack
}

/** A running server. */
export interface App {
  /** URLs of the listeners. If the configured port is 0, they contain the port that the system chose. */
  readonly apiUrl: string
  readonly publicUrl: string
  /** URL of the enrollment listener, with the first of its names. Undefined if there is none. */
  readonly enrollUrl: string | undefined
  /** URL of the metrics. Undefined if the API listener serves them. */
  readonly metricsUrl: string | undefined
  readonly credentials: CredentialsFile
  readonly data: Pick<DataFolder, 'db' | 'masterKeys'>
  /** Reloads the files that may change at run time. If one is invalid, throws ConfigurationError and changes nothing. */
  readonly reload: () => Promise<void>
  /** Stops accepting requests, completes running requests, and closes everything. */
  close(): Promise<void>
}

/** Runs `start` and adds `close` to its result. If `start` fails, everything that it opened is closed. */
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
