/** Starts a server that consists of a single process. */
import { createJobs } from '../jobs/index.ts'
import type { Config } from '../settings/config.ts'
import { createServices } from './create-services.ts'
import { startListeners } from './listeners.ts'
import { openOwnData } from './open-data.ts'
import { reservePort } from './public-port.ts'
import { reportGauges } from './gauges/report-gauges.ts'
import { startMetricsListener } from './metrics-listener.ts'
import { startProcess, type App, type ProcessContext } from './runtime.ts'
import { createOwnState } from './shared-state.ts'
import { validationOptions } from './validation-options.ts'
import { watchMasterKey } from './watch-master-key.ts'

export interface SingleProcess extends App {
  /** Runs a job immediately, and resolves when the job has no work left. */
  readonly runJob: (job: string) => Promise<void>
}

/** Starts the server. Throws ConfigurationError if the data folder is unusable. */
export function startSingleProcess(
  config: Config,
  context: ProcessContext,
): Promise<SingleProcess> {
  return startProcess(async (stack) => {
    const { runtime, credentials } = await openOwnData(config, context, stack)
    watchMasterKey(runtime)
    const shared = await createOwnState(runtime)
    const publicPort = stack.use(await reservePort(config.publicListen))
    const publicUrl = config.publicUrl ?? publicPort.url
    const created = await createServices(runtime, { ...shared, publicUrl })
    const { services } = created
    reportGauges({ services, config, stack, runningWorkers: () => 1 })
    const listeners = await startListeners(runtime, { ...created, shared, publicPort })
    const metricsUrl = await startMetricsListener(runtime, services.metrics)
    shared.startJobs(createJobs({ ...config, validation: validationOptions(config) }), services)
    stack.defer(created.beginStop)
    return {
      apiUrl: listeners.apiUrl,
      enrollUrl: listeners.enrollUrl,
      publicUrl,
      metricsUrl,
      credentials,
      data: runtime.data,
      runJob: shared.runJob,
      async reload() {
        shared.reload()
        await listeners.reload()
      },
    }
  })
}
