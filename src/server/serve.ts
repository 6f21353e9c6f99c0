import cluster from 'node:cluster'
import { join } from 'node:path'
import { startPrimary } from './primary.ts'
import { startWorker, type WorkerApp } from './worker.ts'
import { startSingleProcess } from './single-process.ts'
import { systemClock } from '../clock.ts'
import { configWarnings } from '../settings/config-warnings.ts'
import type { Config } from '../settings/config.ts'
import { databaseFile } from '../store/engines/index.ts'
import { ConfigurationError } from '../errors.ts'
import { serveLocally } from '../local-channel/serve.ts'
import type { Log } from '../telemetry/log.ts'
import { createLocalHandler } from './local-requests.ts'
import { operatorMessage } from './operator-message.ts'
import type { App, ProcessContext } from './runtime.ts'
import { createServerLog, surviveUncaughtErrors } from './uncaught-errors.ts'
import { systemRandom } from '../random.ts'
import { diskFaultOf, faultTexts } from '../store/disk-faults.ts'
import { credentialsFile, recordAddress } from '../data-folder/credentials-file.ts'
import { startsLocked } from '../data-folder/locked.ts'
import { waitForMasterKey } from './locked.ts'
import { makePrivateFolder } from './private-folder.ts'
import { greeting } from './greeting.ts'
import { rootFile } from './tls/certificate-source.ts'
import type { WorkerStart } from './workers/messages.ts'
import { PrimaryConnection } from './workers/primary-connection.ts'

/**
 * Serves requests until SIGTERM or SIGINT arrives, then stops cleanly. Prints the endpoints and the commands for using them.
 */
export async function serve(settings: Config, print: (text: string) => void): Promise<void> {
  const { log, faults } = createServerLog(settings.logLevel)
  surviveUncaughtErrors(log, faults)
  const parts = { clock: systemClock, random: systemRandom, log, faults }
  if (cluster.isWorker) return serveAsWorker(settings, parts)
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  const onFailure = (error: Error): void => {
    log.fatal(
      { err: error },
      'fatal database error: writes can no longer be guaranteed, so the server is shutting down',
    )
    process.exitCode = 1
    stop()
  }
  process.once('SIGTERM', () => stop())
  process.once('SIGINT', () => stop())
  // While the server starts or stops, SIGHUP must be ignored; by default, it would end the process.
  let reload = (): void => {}
  process.on('SIGHUP', () => reload())
  await using stack = new AsyncDisposableStack()
  const config = withTemporaryData(settings, stack)
  const isLocked = startsLocked(config)
  const unlocked = isLocked ? await waitForMasterKey(config, parts, { stopped, print }) : undefined
  if (isLocked && unlocked === undefined) return
  const context = { ...parts, onFailure, ...unlocked }
  const app = await namingDiskFaults(config, () =>
    config.workers === 1
      ? startSingleProcess(config, context)
      : startPrimary(config, config.workers, context),
  )
  const handler = createLocalHandler({ data: app.data, clock: systemClock, log })
  const closeChannel = await serveLocally(config.dataDirectory, handler, log)
  reload = () => reloadFrom(app, log)
  await recordEndpoint(config, app, log)
  print(greeting(config, app))
  for (const warning of configWarnings(config)) log.warn({ publicUrl: app.publicUrl }, warning)
  await stopped
  log.info('stopping')
  reload = () => {}
  await closeChannel()
  await app.close()
}

/** Returns the configuration. With `--dev`, the data folder is temporary, and is removed when the server stops. */
function withTemporaryData(config: Config, stack: AsyncDisposableStack): Config {
  if (!config.dev) return config
  const dataDirectory = makePrivateFolder(stack)
  return { ...config, dataDirectory, masterKeyFile: join(dataDirectory, 'master.key') }
}

/**
 * Writes the endpoint to the credentials file, from which clients read it. A failure is only logged, because the server does not
 * need the endpoint in the file.
 */
async function recordEndpoint(config: Config, app: App, log: Log): Promise<void> {
  const caFile = config.tls.kind === 'self' ? rootFile(config) : undefined
  try {
    const { apiUrl: endpoint, metricsUrl, enrollUrl } = app
    await recordAddress(credentialsFile(config), { endpoint, caFile, metricsUrl, enrollUrl })
  } catch (error) {
    log.warn({ err: error }, 'cannot write the endpoint to the credentials file')
  }
}

/** Calls `start`. If the disk is full, read-only or damaged, the error message contains the path of the data folder. */
async function namingDiskFaults(config: Config, start: () => Promise<App>): Promise<App> {
  try {
    return await start()
  } catch (error) {
    const fault = diskFaultOf(error, databaseFile(config))
    if (fault === undefined || error instanceof ConfigurationError) throw error
    throw new ConfigurationError(
      `the data folder ${config.dataDirectory} cannot be served: ${faultTexts[fault]} (${reasonOf(error)})`,
      { cause: error },
    )
  }
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error
  return cause instanceof Error ? cause.message : message
}

/** Runs a worker, which serves requests until its primary stops it. The primary handles signals. */
async function serveAsWorker(
  config: Config,
  parts: Omit<ProcessContext, 'onFailure'>,
): Promise<void> {
  const { log } = parts
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})
  let app: WorkerApp | undefined
  // A reload requested during the start takes place after the start, because the worker may have read the previous configuration.
  let isReloadPending = false
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  const { promise: started, resolve: start } = Promise.withResolvers<WorkerStart>()
  const tasks = {
    start,
    reload() {
      if (app === undefined) isReloadPending = true
      else reloadFrom(app, log)
    },
    stop,
    metrics: () => app?.metrics() ?? Promise.resolve([]),
  }
  // A worker cannot write without its primary, so it must stop responding to requests when the primary has exited.
  const orphaned = (): never => process.exit(1)
  const primary = new PrimaryConnection(process, tasks, orphaned)
  const onFailure = (error: Error): void => primary.failed(error.message)
  try {
    app = await startWorker(config, { ...parts, onFailure }, { primary, ...(await started) })
    if (isReloadPending) reloadFrom(app, log)
  } catch (error) {
    const isConfiguration = error instanceof ConfigurationError
    if (!isConfiguration) log.error({ err: error }, 'a worker failed to start')
    primary.cannotStart({ problem: operatorMessage(error), isConfiguration })
    // The primary replaces a worker only after the worker has exited.
    process.disconnect()
    return
  }
  await stopped
  await app.close()
  await primary.finished()
  process.off('disconnect', orphaned)
  process.disconnect()
}

/**
 * Reloads the configuration. If the configuration is invalid, the error is logged and the previous configuration stays in
 * effect.
 */
function reloadFrom(app: Pick<App, 'reload'>, log: Log): void {
  app.reload().then(
    () => log.info('configuration reloaded'),
    (error: unknown) =>
      log.error(
        { err: error },
        'the configuration could not be reloaded; the previous configuration stays in effect',
      ),
  )
}
