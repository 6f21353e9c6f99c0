/**
 * Assembles the primary process of a server with workers. The primary writes to the database, runs the jobs and replaces failed
 * workers. The primary itself serves only requests for metrics.
 */
import { createJobs } from '../jobs/index.ts'
import type { Config } from '../settings/config.ts'
import { createServices } from './create-services.ts'
import { openOwnData } from './open-data.ts'
import { reserveSharedPort } from './public-port.ts'
import { reportGauges } from './gauges/report-gauges.ts'
import { startMetricsListener } from './metrics-listener.ts'
import { startProcess, type App, type ProcessContext } from './runtime.ts'
import { createOwnState } from './shared-state.ts'
import { WorkerPool } from './workers/worker-pool.ts'
import { validationOptions } from './validation-options.ts'
import { watchMasterKey } from './watch-master-key.ts'

/** Starts the primary process and its workers. Throws ConfigurationError if the data folder is unusable. */
export function startPrimary(
  config: Config,
  workers: number,
  context: ProcessContext,
): Promise<App> {
  return startProcess(async (stack) => {
    const pool = stack.use(new WorkerPool(context, workers))
    // The primary writes to the database on its main thread, which has little other work. Statements from workers are therefore
    // copied only once.
    const opened = await openOwnData(config, context, stack)
    const { runtime, credentials } = opened
    watchMasterKey(runtime)
    const shared = await createOwnState(runtime, { workers: () => pool.running })
    await using reserved = await reserveSharedPort(config.publicListen)
    const publicUrl = config.publicUrl ?? reserved.url
    const { services, beginStop } = await createServices(runtime, { ...shared, publicUrl })
    reportGauges({ services, config, stack, runningWorkers: () => pool.running })
    // The workers must exit before the primary closes the services that they use.
    stack.defer(() => pool.stop())
    const { masterKeys } = runtime.data
    const publicPort = reserved.port
    const urls = await pool.start({ ...services, ...shared, publicUrl, publicPort, masterKeys })
    const metricsUrl = await startMetricsListener(runtime, {
      contentType: shared.metrics.contentType,
      text: async () => shared.metrics.text(await pool.metrics()),
    })
    shared.startJobs(createJobs({ ...config, validation: validationOptions(config) }), services)
    stack.defer(beginStop)
    return {
      ...urls,
      publicUrl,
      metricsUrl,
      credentials,
      data: runtime.data,
      // oxlint-disable-next-line typescript/require-await -- a single process waits here
      async reload() {
        shared.reload()
        pool.broadcast({ kind: 'reload' })
      },
    }
  })
}
