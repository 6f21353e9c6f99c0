/** The process that others answer requests for: it writes, runs the jobs, and keeps as many workers as it should. */
import { createCore } from './core.ts'
import { openOwnData } from './open-data.ts'
import type { ProcessContext } from './make-services.ts'
import type { App } from './single-process.ts'
import type { Config } from '../settings/config.ts'
import { WorkerPool } from './workers/worker-pool.ts'
import { requireFree } from './public-port.ts'
import { readRates } from '../settings/rates-file.ts'
import { createOwnWriter } from '../store/sqlite/writer-client.ts'

/** Starts everything, with so many workers. Throws ConfigurationError when that cannot be served. */
export async function startPrimary(
  config: Config,
  workers: number,
  surroundings: ProcessContext,
): Promise<App> {
  const stack = new AsyncDisposableStack()
  try {
    const crew = new WorkerPool(surroundings, workers)
    stack.defer(() => crew.stop())
    const { data, credentials } = await openOwnData(config, {
      ...surroundings,
      stack,
      writer: (path, ownership) =>
        createOwnWriter(path, { ownership, onFailure: surroundings.onFailure }),
    })
    const core = await createCore(config, { ...surroundings, data, stack })
    const { rateLimiter, place, callLog } = core
    // Before what they use is closed.
    stack.defer(() => crew.stop())
    await requireFree(config.publicListen)
    const { apiUrl, publicUrl } = await crew.start(core)
    place.publicUrl ||= publicUrl
    core.startJobs()
    return {
      apiUrl,
      publicUrl: place.publicUrl,
      credentials,
      // oxlint-disable-next-line typescript/require-await -- one process waits here
      async reload() {
        callLog?.reopen()
        rateLimiter.use(readRates(config.rates))
        crew.tell({ kind: 'reload' })
      },
      close: () => stack.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
