/** A process that answers requests beside others of one server; what is for all of them the primary does. */
import { startApiListener, startPublicListener } from './app-listeners.ts'
import { createServices, openStores, type Place, type Surroundings } from './app-services.ts'
import { recordLastUses } from './app.ts'
import type { Config } from './config.ts'
import { openData } from './data-folder.ts'
import { recordKeyUses } from './jobs/record-key-uses.ts'
import { startScheduler } from './jobs/scheduler.ts'
import { readRates } from './rates-file.ts'
import { openTlsSource } from './tls-source.ts'
import type { WorkerClient } from './worker-client.ts'

export interface WorkerApp {
  reload(): Promise<void>
  /** Of this process. */
  metrics(): Promise<readonly object[]>
  close(): Promise<void>
}

/** Starts the listeners, on what the primary has opened and made. Throws ConfigurationError if they cannot listen. */
export async function startWorker(
  config: Config,
  surroundings: Surroundings,
  primary: WorkerClient,
): Promise<WorkerApp> {
  const stack = new AsyncDisposableStack()
  try {
    const { onFailure } = surroundings
    const data = await openData(config, {
      mayCreate: false,
      onFailure,
      writer: () => primary.writer,
    })
    stack.defer(() => data.db.close())
    const tls = await openTlsSource(config)
    const place: Place = { publicUrl: config.publicUrl ?? '' }
    const { wake } = primary
    const stores = await openStores(config, { ...surroundings, data, stack, place })
    const own = createServices(config, { ...surroundings, data, place, wake, ...stores })
    // Whoever reads the metrics reads those of all processes.
    const services = { ...own, metrics: { ...own.metrics, text: primary.allMetrics } }
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
    const health = await startPublicListener(parts)
    stack.defer(() => recordLastUses(services))
    const scheduler = startScheduler([recordKeyUses], services)
    stack.defer(() => scheduler.stop())
    const { apiUrl, reload } = await startApiListener(parts, health)
    primary.listening({ apiUrl, publicUrl: place.publicUrl })
    return { reload, metrics: own.metrics.values, close: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
