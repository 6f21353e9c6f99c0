/** What operations and jobs are given, made of the configuration and what is kept. */
import type { BulkWork } from '../bulk/bulk-work.ts'
import { createBulkWork } from '../bulk/bulk-client.ts'
import { createKeyUses } from '../access/key-uses.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../settings/config.ts'
import { bucketsFolder, type DataFolder } from '../data-folder/data-folder.ts'
import { createEvents } from '../telemetry/events.ts'
import { createKeyStore } from '../keys/index.ts'
import { deriveSealer } from '../data-folder/master-key.ts'
import { refusingKeys } from './refusing-keys.ts'
import type { Log } from '../telemetry/log.ts'
import type { Metrics, ProcessFaults } from '../telemetry/metrics.ts'
import { createEmbeddedObjectStore } from '../objects/embedded-object-store.ts'
import type { ObjectStore, PublicObjects } from '../objects/object-store.ts'
import { createS3ObjectStore } from '../objects/s3-object-store.ts'
import type { Random } from '../random.ts'
import type { Services } from '../services.ts'
import type { Database } from '../store/database.ts'
import { createKeyRecords } from '../store/keys.ts'
import { readWeakKeyFile } from '../settings/weak-key-file.ts'
import { createPageTokens } from '../wire/page-token.ts'

export interface ProcessContext {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The server cannot go on, for example because the disk refuses writes. */
  readonly onFailure: (error: Error) => void
  /** Faults of this process, which metrics show. */
  readonly faults?: ProcessFaults
  /** Puts something between the server and its object store: tests do, to see it fail. */
  readonly wrapObjects?: (objects: ObjectStore) => ObjectStore
  /** Puts something between the server and its database: tests do, to see what it is asked. */
  readonly wrapDatabase?: (db: Database) => Database
}

/** What certificates say about the public listener; known once it listens. */
export interface PublicEndpoint {
  publicUrl: string
}

/** Where objects are, and the thread of bulk work. */
export interface OpenStores {
  readonly objects: ObjectStore
  readonly publicObjects: PublicObjects | undefined
  readonly bulk: BulkWork
}

export async function openStores(
  config: Config,
  {
    clock,
    random,
    stack,
    place,
    data,
    wrapObjects = (objects) => objects,
  }: ProcessContext & { stack: AsyncDisposableStack; place: PublicEndpoint; data: DataFolder },
): Promise<OpenStores> {
  const bulk = createBulkWork(data.location)
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

/** What else services are made of. */
interface ServiceDependencies {
  readonly data: DataFolder
  readonly place: PublicEndpoint
  readonly metrics: Metrics
  readonly wake: Services['wake']
}

export function createServices(
  config: Config,
  {
    clock,
    random,
    log,
    data: { db, masterKey },
    objects,
    bulk,
    place,
    metrics,
    wake,
  }: ProcessContext & OpenStores & ServiceDependencies,
): Services {
  return {
    db,
    keys: refusingKeys(
      createKeyStore({
        records: createKeyRecords(db),
        sealer: deriveSealer(masterKey, 'keys', random),
        random,
      }),
      db,
    ),
    objects,
    bulk,
    clock,
    random,
    log,
    metrics,
    events: createEvents({
      log,
      random,
      delivered: config.eventWebhook !== undefined,
      wake: () => wake('deliver-events'),
    }),
    quotas: config.quotas,
    issuancePolicy: {
      ...config.issuancePolicy,
      weakKeyList: readWeakKeyFile(config.weakKeyFile),
    },
    revocationPolicy: config.revocationPolicy,
    keyUses: createKeyUses(),
    pageTokens: createPageTokens(deriveSealer(masterKey, 'page tokens', random)),
    publicUrl: () => place.publicUrl,
    wake,
  }
}
