/** Assembles a worker, which is a process that serves requests and writes through its primary. */
import { openData } from '../data-folder/data-folder.ts'
import { recordKeyUses } from '../jobs/record-key-uses.ts'
import { startScheduler } from '../jobs/scheduler/scheduler.ts'
import type { Config } from '../settings/config.ts'
import { createServices } from './create-services.ts'
import { startListeners } from './listeners.ts'
import { hasOwnSockets } from './public-port.ts'
import { startProcess, type ProcessContext } from './runtime.ts'
import { createWorkerState } from './shared-state.ts'
import type { WorkerStart } from './workers/messages.ts'
import type { PrimaryConnection } from './workers/primary-connection.ts'
import { watchMasterKey } from './watch-master-key.ts'

export interface WorkerApp {
  reload(): Promise<void>
  /** The metrics of the worker process. */
  metrics(): Promise<readonly object[]>
  close(): Promise<void>
}

export interface WorkerOptions extends WorkerStart {
  readonly primary: PrimaryConnection
}

/** Starts a worker. Throws ConfigurationError if a listener cannot be started. */
export function startWorker(
  config: Config,
  context: ProcessContext,
  { primary, publicUrl, publicPort: port, masterKey }: WorkerOptions,
): Promise<WorkerApp> {
  return startProcess(async (stack) => {
    const { onFailure } = context
    const data = await openData(config, {
      mayCreate: false,
      onFailure,
      clock: context.clock,
      masterKey,
      writer: primary.writer,
    })
    stack.defer(() => data.db.close())
    const runtime = { ...context, config, data, stack }
    watchMasterKey(runtime)
    const shared = await createWorkerState(runtime, primary)
    const created = await createServices(runtime, { ...shared, publicUrl })
    const { services } = created
    const publicPort = { ...config.publicListen, port, reusePort: hasOwnSockets }
    const listeners = await startListeners(runtime, { ...created, shared, publicPort })
    const scheduler = startScheduler([recordKeyUses], services)
    stack.defer(() => scheduler.stop())
    stack.defer(created.beginStop)
    primary.listening(listeners)
    return {
      async reload() {
        shared.reload()
        await listeners.reload()
      },
      metrics: () => shared.metrics.values(),
    }
  })
}
