/** Startup and shutdown code that is shared by server processes and embedded CAs. */
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

/** Dependencies of a process that exist before it opens any resource. */
export interface ProcessContext {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Called when the server cannot continue, for example because the disk rejects writes. */
  readonly onFailure: (error: Error) => void
  /** Fault counts of the process, for its metrics. */
  readonly faults?: ProcessFaults
  /** The master key, if it does not come from the master key file. */
  readonly masterKey?: MasterKey | undefined
  /** The shares that unlocked the server. */
  readonly enteredShares?: readonly EnteredShare[]
  /** Wraps the object store. Tests use the wrapper to inject failures. */
  readonly wrapObjects?: (objects: ObjectStore) => ObjectStore
  /** Wraps the database. Tests use the wrapper to observe statements. */
  readonly wrapDatabase?: (db: Database) => Database
}

/** A process whose data folder is open. */
export interface Runtime extends ProcessContext {
  readonly config: Config
  readonly data: DataFolder
  /** Closes all resources in the reverse order of opening. */
  readonly stack: AsyncDisposableStack
}

/** A running server. */
export interface App {
  /** URLs of the listeners. If the configured port is 0, the URLs contain the port that the operating system chose. */
  readonly apiUrl: string
  readonly publicUrl: string
  /** URL of the enrollment listener, with the listener's first name; undefined if the server has no enrollment listener. */
  readonly enrollUrl: string | undefined
  /** URL of the metrics, or undefined if the API listener serves the metrics. */
  readonly metricsUrl: string | undefined
  readonly credentials: CredentialsFile
  readonly data: Pick<DataFolder, 'db' | 'masterKeys'>
  /**
   * Reloads the files that may change at run time. Throws ConfigurationError and changes nothing if one of the files is
   * invalid.
   */
  readonly reload: () => Promise<void>
  /** Stops accepting requests, completes running requests, and closes all resources. */
  close(): Promise<void>
}

/** Runs `start` and adds `close` to its result. If `start` fails, everything that it has opened is closed. */
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
