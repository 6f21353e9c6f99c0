/** The composition root: the only file that picks implementations of the ports. */
import { createAccessKeyCache } from './access/access-key-cache.ts'
import { createSigningKeys } from './access/signing-keys.ts'
import type { Clock } from './clock.ts'
import type { FastifyInstance } from 'fastify'
import type { Address, Config } from './config.ts'
import { openData, type DataFolder } from './data-folder.ts'
import { ConfigurationError } from './errors.ts'
import { prepareFirstStart } from './first-start.ts'
import { createApiServer, createPublicServer } from './http/server.ts'
import { jobs } from './jobs/index.ts'
import { startScheduler, type Scheduler } from './jobs/scheduler.ts'
import { createLocalKeyStore } from './keys/local-key-store.ts'
import { deriveSealer } from './keys/master-key.ts'
import type { Log } from './log.ts'
import { findOperation } from './operations/index.ts'
import type { Random } from './random.ts'
import type { Services } from './services.ts'
import { findAccessKey } from './store/access-keys.ts'
import { lockFolder, prepareDataFolder } from './store/folder-lock.ts'
import { createKeyRecords } from './store/keys.ts'
import { createPageTokens } from './wire/page-token.ts'

export interface App {
  /** Where the listeners are, with the port that the system chose if it was asked to. */
  readonly apiUrl: string
  readonly publicUrl: string
  /** Stops accepting, finishes what is running, closes. */
  close(): Promise<void>
}

interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The server cannot go on, for example because the disk refuses writes. */
  readonly onFailure: (error: Error) => void
}

/** Starts everything. Throws ConfigurationError when the data folder cannot be served. */
export async function startApp(config: Config, surroundings: Surroundings): Promise<App> {
  await prepareDataFolder(config.dataDirectory)
  const lock = lockFolder(config.dataDirectory)
  const stack = new AsyncDisposableStack()
  stack.defer(() => lock.release())
  try {
    const { onFailure } = surroundings
    const data = await openData(config, { mayCreate: true, onFailure })
    stack.defer(() => data.db.close())
    await prepareFirstStart(config, data, surroundings)
    return await listen(config, { ...surroundings, data, stack })
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
  }: Surroundings & { data: DataFolder; stack: AsyncDisposableStack },
): Promise<App> {
  const { services, scheduler } = startServices(config, data, surroundings)
  stack.defer(() => scheduler.stop())
  const api = createApiServer({
    ...surroundings,
    services,
    findOperation,
    signingKeys: createSigningKeys(),
    findAccessKey: createAccessKeyCache(
      (accessKeyId) => findAccessKey(data.db, data.sealer, accessKeyId),
      surroundings,
    ),
  })
  stack.defer(() => api.close())
  const publicServer = createPublicServer(services)
  stack.defer(() => publicServer.close())
  const apiUrl = await listenOn(api, config.listen)
  const publicListenUrl = await listenOn(publicServer, config.publicListen)
  return {
    apiUrl,
    publicUrl: config.publicUrl ?? publicListenUrl,
    close: () => stack.disposeAsync(),
  }
}

/** The URL of a listener, with the port that the system chose if it was asked to. */
async function listenOn(server: FastifyInstance, { host, port }: Address): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    throw new ConfigurationError(`cannot listen on ${host}:${port}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function startServices(
  config: Config,
  { db, masterKey }: DataFolder,
  { clock, random, log }: Surroundings,
): { services: Services; scheduler: Scheduler } {
  let scheduler: Scheduler | undefined
  const services: Services = {
    db,
    keys: createLocalKeyStore({
      records: createKeyRecords(db),
      sealer: deriveSealer(masterKey, 'keys', random),
      random,
    }),
    clock,
    random,
    log,
    quotas: config.quotas,
    issuancePolicy: config.issuancePolicy,
    pageTokens: createPageTokens(deriveSealer(masterKey, 'page tokens', random)),
    wake: (job) => scheduler?.wake(job),
  }
  scheduler = startScheduler(jobs, services)
  return { services, scheduler }
}
