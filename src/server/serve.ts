import cluster from 'node:cluster'
import { startPrimary } from './primary.ts'
import { startWorker, type WorkerApp } from './worker.ts'
import { startApp, type App } from './single-process.ts'
import { systemClock } from '../clock.ts'
import { configWarnings } from '../settings/config-warnings.ts'
import type { Config } from '../settings/config.ts'
import { databaseFile } from '../store/engines/index.ts'
import { ConfigurationError } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import type { ProcessFaults } from '../telemetry/metrics.ts'
import { problemOf } from './operator-message.ts'
import { createServerLog, surviveUncaughtErrors } from './uncaught-errors.ts'
import { systemRandom } from '../random.ts'
import { diskFaultOf, faultTexts } from '../store/disk-faults.ts'
import { rootFile } from './tls/certificate-source.ts'
import { connectToPrimary } from './workers/primary-connection.ts'

/** Serves until SIGTERM or SIGINT, then stops cleanly. Prints where it is and how to use it. */
export async function serve(config: Config, print: (text: string) => void): Promise<void> {
  const { log, faults } = createServerLog(config.logLevel)
  surviveUncaughtErrors(log, faults)
  if (cluster.isWorker) return serveAsWorker(config, log, faults)
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  const onFailure = (error: Error): void => {
    log.fatal({ err: error }, 'the database failed; nothing can be promised any more')
    process.exitCode = 1
    stop()
  }
  process.once('SIGTERM', () => stop())
  process.once('SIGINT', () => stop())
  // While the server starts or stops, SIGHUP is ignored instead of ending the process.
  let reload = (): void => {}
  process.on('SIGHUP', () => reload())
  const surroundings = { clock: systemClock, random: systemRandom, log, onFailure, faults }
  const app = await namingDiskFaults(config, () =>
    config.workers === 1
      ? startApp(config, surroundings)
      : startPrimary(config, config.workers, surroundings),
  )
  reload = () => reloadFrom(app, log)
  print(greeting(config, app))
  for (const warning of configWarnings(config)) log.warn({ publicUrl: app.publicUrl }, warning)
  await stopped
  log.info('stopping')
  reload = () => {}
  await app.close()
}

/** A start that meets a disk which is full, read-only, broken or damaged names the data folder. */
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

/** Answers requests until the primary says that it is over. Signals are for the primary. */
async function serveAsWorker(config: Config, log: Log, faults: ProcessFaults): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})
  let app: WorkerApp | undefined
  // What it is told while it starts it does then: it may have read what was there before.
  let reloadWanted = false
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  const { promise: started, resolve: start } = Promise.withResolvers<number | undefined>()
  const tasks = {
    start,
    reload() {
      if (app === undefined) reloadWanted = true
      else reloadFrom(app, log)
    },
    stop,
    metrics: () => app?.metrics() ?? Promise.resolve([]),
  }
  // What nobody can write down must not be answered.
  const orphaned = (): never => process.exit(1)
  const primary = connectToPrimary(process, () => tasks, orphaned)
  const onFailure = (error: Error): void => primary.failed(error.message)
  try {
    const publicPort = await started
    const surroundings = { clock: systemClock, random: systemRandom, log, onFailure, faults }
    app = await startWorker(withPublicPort(config, publicPort), surroundings, primary)
    if (reloadWanted) reloadFrom(app, log)
  } catch (error) {
    const isConfiguration = error instanceof ConfigurationError
    if (!isConfiguration) log.error({ err: error }, 'a worker cannot start')
    primary.refused({ problem: problemOf(error), isConfiguration })
    // Whatever it was: one that stays is of no use, and is not replaced.
    process.disconnect()
    return
  }
  await stopped
  await app.close()
  await primary.finished()
  process.off('disconnect', orphaned)
  process.disconnect()
}

/** With the port that the system chose for another worker. */
function withPublicPort(config: Config, port: number | undefined): Config {
  if (port === undefined) return config
  return { ...config, publicListen: { ...config.publicListen, port } }
}

/** What is bad is said, and what was read before counts on. */
function reloadFrom(app: Pick<App, 'reload'>, log: Log): void {
  app.reload().then(
    () => log.info('configuration read again'),
    (error: unknown) => log.error({ err: error }, 'configuration not read again'),
  )
}

function greeting(config: Config, app: App): string {
  const { path, elsewhere } = app.credentials
  // Another node made the first account; copy the file, or make a key with `signet access-key create`.
  const note = elsewhere === undefined ? '' : `  # a copy of ${elsewhere}\n`
  return `Signet serves the AWS Private CA API at ${app.apiUrl}
and CRLs, OCSP and CA certificates at ${app.publicUrl}

To use it from another terminal:

${note}  export AWS_SHARED_CREDENTIALS_FILE='${path}'
  export AWS_ENDPOINT_URL_ACM_PCA=${app.apiUrl}
  export AWS_ENDPOINT_URL_STS=${app.apiUrl}
  export AWS_DEFAULT_REGION=eu-central-1
${trustHint(config)}  aws acm-pca list-certificate-authorities --endpoint-url ${app.apiUrl}
`
}

/** With a certificate of its own, clients have to be told what to trust. */
function trustHint(config: Config): string {
  return config.tls.kind === 'self' ? `  export AWS_CA_BUNDLE='${rootFile(config)}'\n` : ''
}
