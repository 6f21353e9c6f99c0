/** A process that answers requests beside others of one server; what is for all of them the primary does. */
import { recordLastUses } from './open-data.ts'
import { startApiListener, startPublicListener } from './listeners.ts'
import {
  createServices,
  openStores,
  type PublicEndpoint,
  type ProcessContext,
} from './make-services.ts'
import type { Config } from '../settings/config.ts'
import { openData } from '../data-folder/data-folder.ts'
import { recordKeyUses } from '../jobs/record-key-uses.ts'
import { startScheduler } from '../jobs/scheduler/scheduler.ts'
import { createMetrics } from '../telemetry/metrics.ts'
import { hasOwnSockets } from './public-port.ts'
import { readRates } from '../settings/rates-file.ts'
import { openTlsSource } from './tls/certificate-source.ts'
import { version } from '../version.ts'
import type { WorkerClient } from './workers/primary-connection.ts'

export interface WorkerApp {
  reload(): Promise<void>
  /** Of this process. */
  metrics(): Promise<readonly object[]>
  close(): Promise<void>
}

/** Starts the listeners, on what the primary has opened and made. Throws ConfigurationError if they cannot listen. */
export async function startWorker(
  config: Config,
  surroundings: ProcessContext,
  primary: WorkerClient,
): Promise<WorkerApp> {
  const stack = new AsyncDisposableStack()
  try {
    const { onFailure, faults } = surroundings
    const data = await openData(config, {
      mayCreate: false,
      onFailure,
      writer: () => primary.writer,
    })
    stack.defer(() => data.db.close())
    const tls = await openTlsSource(config)
    const place: PublicEndpoint = { publicUrl: config.publicUrl ?? '' }
    const { wake } = primary
    const stores = await openStores(config, { ...surroundings, data, stack, place })
    const ownMetrics = createMetrics(version(), faults)
    // Whoever reads the metrics reads those of all processes.
    const metrics = { ...ownMetrics, text: primary.allMetrics }
    const made = { data, place, wake, metrics, ...stores }
    const services = createServices(config, { ...surroundings, ...made })
    const rateLimiter = primary.rateLimiter(readRates(config.rates))
    const callLog = config.callLog === undefined ? undefined : primary.callLog
    const { publicObjects } = stores
    const listened = {
      config,
      services,
      data,
      publicObjects,
      place,
      stack,
      rateLimiter,
      callLog,
      tls,
    }
    const parts = { ...surroundings, ...listened }
    const { shared, port } = await startPublicListener(parts, { reusePort: hasOwnSockets })
    stack.defer(() => recordLastUses(services))
    const scheduler = startScheduler([recordKeyUses], services)
    stack.defer(() => scheduler.stop())
    const { apiUrl, reload } = await startApiListener(parts, shared)
    primary.listening({ apiUrl, publicUrl: place.publicUrl, publicPort: port })
    return { reload, metrics: ownMetrics.values, close: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
