/** The composition root of a server that is one process. */
import { createCore } from './app-core.ts'
import { startApiListener, startPublicListener } from './app-listeners.ts'
import type { Surroundings } from './app-services.ts'
import type { Config } from './config.ts'
import { openData, type DataFolder } from './data-folder.ts'
import { prepareFirstStart, type CredentialsPlace } from './first-start.ts'
import { recordKeyUses } from './jobs/record-key-uses.ts'
import type { Services } from './services.ts'
import { lockFolder, prepareDataFolder } from './store/folder-lock.ts'
import { releaseLeases } from './store/leases.ts'

export interface App {
  /** Where the listeners are, with the port that the system chose if it was asked to. */
  readonly apiUrl: string
  readonly publicUrl: string
  readonly credentials: CredentialsPlace
  /** Reads again what may change while it runs. Throws ConfigurationError, and changes nothing, if that is bad. */
  readonly reload: () => Promise<void>
  /** Stops accepting, finishes what is running, closes. */
  close(): Promise<void>
}

/** Starts everything. Throws ConfigurationError when the data folder cannot be served. */
export async function startApp(config: Config, surroundings: Surroundings): Promise<App> {
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

/** Opens what is kept, and makes what is missing of it, for the one process that may do so. */
export async function openOwnData(
  config: Config,
  {
    stack,
    writer,
    ...surroundings
  }: Surroundings & {
    stack: AsyncDisposableStack
    writer?: Parameters<typeof openData>[1]['writer']
  },
): Promise<{ readonly data: DataFolder; readonly credentials: CredentialsPlace }> {
  await prepareDataFolder(config.dataDirectory)
  // A database on a server is its own guard, and servers that share it may share the folder.
  const lock = config.database === undefined ? lockFolder(config.dataDirectory) : undefined
  stack.defer(() => lock?.release())
  const { onFailure, wrapDatabase = (db) => db } = surroundings
  const opened = await openData(config, { mayCreate: true, onFailure, ...(writer && { writer }) })
  stack.defer(() => opened.db.close())
  const data = { ...opened, db: wrapDatabase(opened.db) }
  const credentials = await prepareFirstStart(config, data, surroundings)
  // Whoever holds the folder's lock is the only one; other nodes' leases are theirs.
  if (data.db.shared === undefined) await data.db.transaction(releaseLeases())
  return { data, credentials }
}

async function listen(
  config: Config,
  {
    data,
    stack,
    ...surroundings
  }: Surroundings & { data: DataFolder; stack: AsyncDisposableStack },
): Promise<Pick<App, 'apiUrl' | 'publicUrl' | 'reload'>> {
  const { startJobs, ...core } = await createCore(config, { ...surroundings, data, stack })
  const parts = { ...surroundings, ...core, config, data, stack }
  const health = await startPublicListener(parts)
  stack.defer(() => recordLastUses(core.services))
  startJobs()
  const { apiUrl, reload } = await startApiListener(parts, health)
  return { apiUrl, publicUrl: core.place.publicUrl, reload }
}

/** A database that is away keeps no server from stopping. */
export async function recordLastUses(services: Services): Promise<void> {
  try {
    await recordKeyUses.run(services)
  } catch (error) {
    services.log.error({ err: error }, 'the last uses of access keys cannot be recorded')
  }
}
