/** Creates the services that API operations and jobs use. */
import { availableParallelism } from 'node:os'
import { createKeyUses } from '../access/key-uses.ts'
import { createBulkWork } from '../bulk/bulk-client.ts'
import { bucketsFolder } from '../data-folder/data-folder.ts'
import { tokenOf } from '../settings/keys-config.ts'
import { recordKeyUses } from '../jobs/record-key-uses.ts'
import type { OpenKeyStore } from '../keys/key-store.ts'
import { loadKmsSdk } from '../keys/kms/kms-client.ts'
import { createKeyStore, storesOfNewKeys, type KeyStoreOptions } from '../keys/stores/index.ts'
import { createHealth } from '../http/health.ts'
import { createEmbeddedObjectStore } from '../objects/embedded-object-store.ts'
import { createLedger } from '../ledger/ledger.ts'
import { createOcspBatches } from '../ledger/ocsp-batches.ts'
import type { ObjectStore, PublicObjects } from '../objects/object-store.ts'
import { createOcspService } from '../ocsp/ocsp-service.ts'
import { createResponseWriter } from '../ocsp/response-writer.ts'
import { createS3ObjectStore } from '../objects/s3-object-store.ts'
import type { Services } from '../services.ts'
import { readWeakKeyFile } from '../settings/weak-key-file.ts'
import { createKeyRecords } from '../store/keys.ts'
import { createTokenKeyRecords } from '../store/token-keys.ts'
import { createEvents } from '../telemetry/events.ts'
import { createPageTokens } from '../wire/page-token.ts'
import { refusingKeys } from './refuse-keys-when-damaged.ts'
import { reportUnavailableKeys } from './report-unavailable-keys.ts'
import type { Runtime } from './runtime.ts'
import type { SharedState } from './shared-state.ts'

const ocspFailure = 'signed OCSP responses cannot be recorded; the server retries'
const storeFailure = 'signed OCSP responses cannot be stored'

export interface ProcessServices {
  readonly services: Services
  /** Objects that the public listener serves, or undefined if the object store serves its objects itself. */
  readonly publicObjects: PublicObjects | undefined
  /**
   * Limits the remaining time of pending requests to an unresponsive key store. Called when the server begins to stop, before
   * listeners and jobs complete their work.
   */
  readonly beginStop: () => void
}

/**
 * Creates the services of a process. Throws ConfigurationError if the list of weak keys is invalid or the key store's library
 * is not installed.
 */
export async function createServices(
  runtime: Runtime,
  shared: Pick<SharedState, 'metrics' | 'wake' | 'serverState'> & { publicUrl: string },
): Promise<ProcessServices> {
  const { config, data, clock, random, log, stack } = runtime
  const { metrics, wake, publicUrl } = shared
  const { db, masterKeys, location } = data
  const bulk = createBulkWork(location)
  stack.defer(() => bulk.close())
  const { objects, publicObjects } = await openObjects(runtime, publicUrl)
  if (storesOfNewKeys(config.keys).has('kms')) await loadKmsSdk()
  const stopping = new AbortController()
  const keys = openKeys(runtime, stopping.signal)
  stack.defer(() => keys.close?.())
  const { standards } = config.keys
  const delivered = config.eventWebhook !== undefined
  const services: Services = {
    db,
    ledger: createLedger({ db, clock, random, sealers: masterKeys.sealers('keys') }),
    ocsp: createOcspService(() => services),
    ocspBatches: createOcspBatches({
      db,
      clock,
      onFailure: (err) => log.error({ err }, ocspFailure),
    }),
    ocspResponses: createResponseWriter({
      db,
      onFailure: (err) => log.error({ err }, storeFailure),
    }),
    keys: reportUnavailableKeys(refusingKeys(keys, db), { log, clock }),
    keyStorageStandards: standards?.map(({ standard }) => standard),
    objects,
    bulk,
    clock,
    random,
    log,
    metrics,
    events: createEvents({ log, random, delivered, wake: () => wake('deliver-events') }),
    quotas: config.quotas,
    issuancePolicy: { ...config.issuancePolicy, weakKeyList: readWeakKeyFile(config.weakKeyFile) },
    revocationPolicy: config.revocationPolicy,
    keyUses: createKeyUses(),
    pageTokens: createPageTokens(masterKeys.tokenSealer('page tokens')),
    publicUrl,
    wake,
    server: {
      settings: config.effectiveSettings,
      database: {
        engine: config.database === undefined ? 'SQLite' : 'PostgreSQL',
        schemaVersion: data.engine.schemaVersion,
      },
      keyStores: standards ?? [{ store: config.keys.newKeys, standard: undefined }],
      health: createHealth(db, clock),
      state: shared.serverState,
    },
  }
  if (db.connections !== undefined)
    metrics.observe('databaseConnections', () => db.connections?.() ?? {})
  stack.defer(() => recordLastUses(services))
  stack.defer(() =>
    services.ocspBatches.flush().catch((err: unknown) => log.error({ err }, ocspFailure)),
  )
  stack.defer(() =>
    services.ocspResponses.flush().catch((err: unknown) => log.error({ err }, storeFailure)),
  )
  return { services, publicObjects, beginStop: () => stopping.abort() }
}

/** Opens the key stores. A key store connects when one of its keys is first used. */
function openKeys(
  { config, data: { db, masterKeys }, clock, random }: Runtime,
  stopping: AbortSignal,
): OpenKeyStore {
  const { kms } = config.keys
  const location = tokenOf(config)
  const options: KeyStoreOptions = {
    local: {
      records: createKeyRecords(db, clock),
      sealers: masterKeys.sealers('keys'),
      random,
      // If there is a process for every core, a thread pool has no core of its own.
      longSignatures: config.workers >= availableParallelism() ? 'on-thread' : 'in-pool',
    },
    pkcs11: location && { location, records: createTokenKeyRecords(db, clock), random },
    // Existing KMS keys need no settings, because their handles contain the Region.
    kms: { ...kms, random, stopping },
  }
  return createKeyStore(options, config.keys)
}

async function openObjects(
  { config, clock, random, stack, wrapObjects = (objects) => objects }: Runtime,
  publicUrl: string,
): Promise<{ readonly objects: ObjectStore; readonly publicObjects: PublicObjects | undefined }> {
  if (config.objects.kind === 's3') {
    const objects = await createS3ObjectStore(config.objects)
    stack.defer(() => objects.close())
    return { objects: wrapObjects(objects), publicObjects: undefined }
  }
  const directory = bucketsFolder(config)
  const embedded = createEmbeddedObjectStore({ directory, publicUrl, clock, random })
  return { objects: wrapObjects(embedded), publicObjects: embedded }
}

/** Records the most recent uses of access keys. A failure is only logged, so that the process can stop. */
async function recordLastUses(services: Services): Promise<void> {
  try {
    await recordKeyUses.run(services)
  } catch (error) {
    services.log.error({ err: error }, 'the last uses of access keys cannot be recorded')
  }
}
