/** The composition root of a server that is one process. */
import { createCore } from './core.ts'
import { openOwnData, recordLastUses } from './open-data.ts'
import { startApiListener, startPublicListener } from './listeners.ts'
import type { ProcessContext } from './make-services.ts'
import type { Config } from '../settings/config.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import type { CredentialsFile } from '../data-folder/first-start.ts'

export interface App {
  /** Where the listeners are, with the port that the system chose if it was asked to. */
  readonly apiUrl: string
  readonly publicUrl: string
  readonly credentials: CredentialsFile
  /** Reads again what may change while it runs. Throws ConfigurationError, and changes nothing, if that is bad. */
  readonly reload: () => Promise<void>
  /** Stops accepting, finishes what is running, closes. */
  close(): Promise<void>
}

/** A server whose jobs are in this process. */
export interface SingleProcess extends App {
  /** Runs a job now, and resolves when it has nothing more to do. */
  readonly runJob: (job: string) => Promise<void>
}

/** Starts everything. Throws ConfigurationError when the data folder cannot be served. */
export async function startApp(
  config: Config,
  surroundings: ProcessContext,
): Promise<SingleProcess> {
  const stack = new AsyncDisposableStack()
  try {
    const { data, credentials } = await openOwnData(config, { ...surroundings, stack })
    const listeners = await listen(config, { ...surroundings, data, stack })
    return { ...listeners, credentials, close: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

async function listen(
  config: Config,
  {
    data,
    stack,
    ...surroundings
  }: ProcessContext & { data: DataFolder; stack: AsyncDisposableStack },
): Promise<Pick<SingleProcess, 'apiUrl' | 'publicUrl' | 'reload' | 'runJob'>> {
  const { startJobs, ...core } = await createCore(config, { ...surroundings, data, stack })
  const parts = { ...surroundings, ...core, config, data, stack }
  const { shared } = await startPublicListener(parts)
  stack.defer(() => recordLastUses(core.services))
  startJobs()
  const { apiUrl, reload } = await startApiListener(parts, shared)
  return {
    apiUrl,
    publicUrl: core.place.publicUrl,
    runJob: core.runJob,
    async reload() {
      core.callLog?.reopen()
      await reload()
    },
  }
}
