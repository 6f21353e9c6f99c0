/** The composition root: the only file that picks implementations of the ports. */
import { createFailureLimiter } from './access/failure-limiter.ts'
import { createFreshCache } from './access/fresh-cache.ts'
import { createKeyUses } from './access/key-uses.ts'
import { createRateLimiter } from './access/rate-limiter.ts'
import { createSessions } from './access/session.ts'
import { createSigningKeys } from './access/signing-keys.ts'
import type { BulkWork } from './bulk-work.ts'
import { createBulkWork } from './bulk-client.ts'
import { openCallLog } from './call-log.ts'
import type { Clock } from './clock.ts'
import type { FastifyInstance } from 'fastify'
import type { Config } from './config.ts'
import { bucketsFolder, openData, type DataFolder } from './data-folder.ts'
import { createEvents } from './events.ts'
import { ConfigurationError } from './errors.ts'
import { prepareFirstStart } from './first-start.ts'
import type { ApiServices } from './http/front.ts'
import { createOcspResponder } from './http/ocsp-responder.ts'
import { createOcspHandler } from './http/ocsp.ts'
import { answerPublic } from './http/public.ts'
import { createApiServer, createPublicServer, type ListenerServices } from './http/server.ts'
import type { TlsMaterial } from './http/tls.ts'
import { createJobs } from './jobs/index.ts'
import { recordKeyUses } from './jobs/record-key-uses.ts'
import { startScheduler, type Scheduler } from './jobs/scheduler.ts'
import { createLocalKeyStore } from './keys/local-key-store.ts'
import { deriveSealer } from './keys/master-key.ts'
import type { Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createEmbeddedObjectStore } from './objects/embedded-object-store.ts'
import type { ObjectStore, PublicObjects } from './objects/object-store.ts'
import { createS3ObjectStore } from './objects/s3-object-store.ts'
import { findOperation } from './operations/index.ts'
import type { Random } from './random.ts'
import { readRates } from './rates-file.ts'
import { readGauges } from './read-gauges.ts'
import type { Services } from './services.ts'
import type { Address } from './setting-values.ts'
import { findAccessKey } from './store/access-keys.ts'
import { findRoleById } from './store/roles.ts'
import { lockFolder, prepareDataFolder } from './store/folder-lock.ts'
import { createKeyRecords } from './store/keys.ts'
import { releaseLeases } from './store/leases.ts'
import type { SqliteDatabase } from './store/sqlite.ts'
import { createIssuerKeys } from './sts/issuer-keys.ts'
import { keepCertificate, openTlsSource } from './tls-source.ts'
import { createPageTokens } from './wire/page-token.ts'

export interface App {
  /** Where the listeners are, with the port that the system chose if it was asked to. */
  readonly apiUrl: string
  readonly publicUrl: string
  /** Reads again what may change while it runs. Throws ConfigurationError, and changes nothing, if that is bad. */
  reload(): Promise<void>
  /** Stops accepting, finishes what is running, closes. */
  close(): Promise<void>
}

interface Surroundings {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The server cannot go on, for example because the disk refuses writes. */
  readonly onFailure: (error: Error) => void
  /** Puts something between the server and its object store: tests do, to see it fail. */
  readonly wrapObjects?: (objects: ObjectStore) => ObjectStore
  /** Puts something between the server and its database: tests do, to see what it is asked. */
  readonly wrapDatabase?: (db: SqliteDatabase) => SqliteDatabase
}

/** Starts everything. Throws ConfigurationError when the data folder cannot be served. */
export async function startApp(config: Config, surroundings: Surroundings): Promise<App> {
  await prepareDataFolder(config.dataDirectory)
  const lock = lockFolder(config.dataDirectory)
  const stack = new AsyncDisposableStack()
  stack.defer(() => lock.release())
  try {
    const { onFailure, wrapDatabase = (db) => db } = surroundings
    const opened = await openData(config, { mayCreate: true, onFailure })
    stack.defer(() => opened.db.close())
    const data = { ...opened, db: wrapDatabase(opened.db) }
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
  // What is wrong with them is found before anything listens.
  const rateLimiter = createRateLimiter(readRates(config.rates), surroundings.clock)
  const tls = await openTlsSource(config.tls)
  const callLog =
    config.callLog === undefined ? undefined : await openCallLog(config.callLog, surroundings.log)
  stack.defer(() => callLog?.close())
  const place = { publicUrl: config.publicUrl ?? '' }
  const stores = await openStores(config, { ...surroundings, data, stack, place })
  let scheduler: Scheduler | undefined
  const wake = (job: string): void => scheduler?.wake(job)
  const services = createServices(config, { ...surroundings, data, place, wake, ...stores })
  services.metrics.onRead((gauges) => readGauges(services, gauges))
  const { publicObjects } = stores
  const publicServer = createPublicServer(
    { ...services, limits: config.limits },
    {
      ocsp: createOcspHandler({ ...surroundings, responder: createOcspResponder(services) }),
      answer: (request) => answerPublic({ services, publicObjects }, request),
    },
  )
  stack.defer(() => publicServer.close())
  const publicListenUrl = await listenOn(publicServer, config.publicListen)
  place.publicUrl ||= publicListenUrl
  stack.defer(async () => void (await recordKeyUses.run(services)))
  scheduler = startScheduler(createJobs(config), services)
  stack.defer(() => scheduler?.stop())
  const failureLimiter = createFailureLimiter(
    config.limits.authFailuresPerMinute,
    surroundings.clock,
  )
  const limiters = { rateLimiter, failureLimiter, limits: config.limits }
  const material = await tls?.first(services)
  const api = createApi(services, data, { ...surroundings, ...limiters, callLog, material })
  stack.defer(() => api.close())
  const keeper = tls && keepCertificate(tls, services, api)
  stack.defer(() => keeper?.stop())
  return {
    apiUrl: withScheme(await listenOn(api, config.listen), material && 'https'),
    publicUrl: place.publicUrl,
    async reload() {
      rateLimiter.use(readRates(config.rates))
      await keeper?.refresh()
    },
    close: () => stack.disposeAsync(),
  }
}

function createApi(
  services: Services,
  data: DataFolder,
  {
    material,
    ...surroundings
  }: Surroundings &
    Pick<
      ApiServices & ListenerServices,
      'rateLimiter' | 'failureLimiter' | 'callLog' | 'limits'
    > & {
      readonly material: TlsMaterial | undefined
    },
): FastifyInstance {
  const { db, sealer, masterKey } = data
  const api = {
    ...surroundings,
    services,
    findOperation,
    keyUses: services.keyUses,
    sessions: createSessions(deriveSealer(masterKey, 'session tokens', surroundings.random)),
    issuerKeys: createIssuerKeys(surroundings.clock),
    signingKeys: createSigningKeys(),
    findAccessKey: createFreshCache((id) => findAccessKey(db, sealer, id), surroundings),
    findRole: createFreshCache((id) => findRoleById(db, id), surroundings),
  }
  return createApiServer(api, material)
}

/** What certificates say about the public listener; known once it listens. */
interface Place {
  readonly publicUrl: string
}

/** Where objects are, and the thread of bulk work. */
interface Stores {
  readonly objects: ObjectStore
  readonly publicObjects: PublicObjects | undefined
  readonly bulk: BulkWork
}

async function openStores(
  config: Config,
  {
    clock,
    random,
    stack,
    place,
    data,
    wrapObjects = (objects) => objects,
  }: Surroundings & { stack: AsyncDisposableStack; place: Place; data: DataFolder },
): Promise<Stores> {
  // Whoever holds the folder's lock is the only one.
  await data.db.transaction(releaseLeases())
  const bulk = createBulkWork(data.databasePath)
  stack.defer(() => bulk.close())
  if (config.objects.kind === 's3') {
    const objects = await createS3ObjectStore(config.objects)
    stack.defer(() => objects.close())
    return { objects: wrapObjects(objects), publicObjects: undefined, bulk }
  }
  const directory = bucketsFolder(config)
  const publicUrl = (): string => place.publicUrl
  const embedded = createEmbeddedObjectStore({ directory, publicUrl, clock, random })
  return { objects: wrapObjects(embedded), publicObjects: embedded, bulk }
}

/** Fastify does not know that a server of ours speaks TLS. */
function withScheme(url: string, scheme: 'https' | undefined): string {
  return scheme === undefined ? url : url.replace(/^http:/, `${scheme}:`)
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

function createServices(
  config: Config,
  {
    clock,
    random,
    log,
    data: { db, masterKey },
    objects,
    bulk,
    place,
    wake,
  }: Surroundings & Stores & { data: DataFolder; place: Place; wake: (job: string) => void },
): Services {
  return {
    db,
    keys: createLocalKeyStore({
      records: createKeyRecords(db),
      sealer: deriveSealer(masterKey, 'keys', random),
      random,
    }),
    objects,
    bulk,
    clock,
    random,
    log,
    metrics: createMetrics(),
    events: createEvents({
      log,
      random,
      delivered: config.eventWebhook !== undefined,
      wake: () => wake('deliver-events'),
    }),
    quotas: config.quotas,
    issuancePolicy: config.issuancePolicy,
    revocationPolicy: config.revocationPolicy,
    keyUses: createKeyUses(),
    pageTokens: createPageTokens(deriveSealer(masterKey, 'page tokens', random)),
    publicUrl: () => place.publicUrl,
    wake,
  }
}
