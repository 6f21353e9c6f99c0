import cluster from 'node:cluster'
import { startPrimary } from './primary.ts'
import { startWorker, type WorkerApp } from './worker.ts'
import { startSingleProcess } from './single-process.ts'
import { systemClock } from '../clock.ts'
import { configWarnings } from '../settings/config-warnings.ts'
import type { Config } from '../settings/config.ts'
import { updateConnection } from '../data-folder/connection-lines.ts'
import { version } from '../version.ts'
import { databaseFile } from '../store/engines/index.ts'
import { ConfigurationError } from '../errors.ts'
import type { Log } from '../telemetry/log.ts'
import { problemOf } from './operator-message.ts'
import type { App, ProcessContext } from './runtime.ts'
import { createServerLog, surviveUncaughtErrors } from './uncaught-errors.ts'
import { systemRandom } from '../random.ts'
import { diskFaultOf, faultTexts } from '../store/disk-faults.ts'
import { rootFile } from './tls/certificate-source.ts'
import type { PublicEndpoint } from './workers/messages.ts'
import { PrimaryConnection } from './workers/primary-connection.ts'

/** Serves until SIGTERM or SIGINT, then stops cleanly. Prints where it is and how to use it. */
export async function serve(config: Config, print: (text: string) => void): Promise<void> {
  const { log, faults } = createServerLog(config.logLevel)
  surviveUncaughtErrors(log, faults)
  const parts = { clock: systemClock, random: systemRandom, log, faults }
  if (cluster.isWorker) return serveAsWorker(config, parts)
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
  const context = { ...parts, onFailure }
  const app = await namingDiskFaults(config, () =>
    config.workers === 1
      ? startSingleProcess(config, context)
      : startPrimary(config, config.workers, context),
  )
  reload = () => reloadFrom(app, log)
  await updateCredentialsFile(config, app, log)
  print(banner(config, app))
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

/** Answers requests until the primary stops this worker. The primary handles signals. */
async function serveAsWorker(
  config: Config,
  parts: Omit<ProcessContext, 'onFailure'>,
): Promise<void> {
  const { log } = parts
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})
  let app: WorkerApp | undefined
  // A worker that is starting reloads when it has started: it may have read the previous configuration.
  let reloadWanted = false
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  const { promise: started, resolve: start } = Promise.withResolvers<PublicEndpoint>()
  const tasks = {
    start,
    reload() {
      if (app === undefined) reloadWanted = true
      else reloadFrom(app, log)
    },
    stop,
    metrics: () => app?.metrics() ?? Promise.resolve([]),
  }
  // Without the primary nothing can be stored, so nothing may be answered.
  const orphaned = (): never => process.exit(1)
  const primary = new PrimaryConnection(process, tasks, orphaned)
  const onFailure = (error: Error): void => primary.failed(error.message)
  try {
    app = await startWorker(config, { ...parts, onFailure }, { primary, ...(await started) })
    if (reloadWanted) reloadFrom(app, log)
  } catch (error) {
    const isConfiguration = error instanceof ConfigurationError
    if (!isConfiguration) log.error({ err: error }, 'a worker cannot start')
    primary.cannotStart({ problem: problemOf(error), isConfiguration })
    // A worker that stayed would not be replaced.
    process.disconnect()
    return
  }
  await stopped
  await app.close()
  await primary.finished()
  process.off('disconnect', orphaned)
  process.disconnect()
}

/** An invalid configuration is logged, and the previous one stays in effect. */
function reloadFrom(app: Pick<App, 'reload'>, log: Log): void {
  app.reload().then(
    () => log.info('configuration read again'),
    (error: unknown) => log.error({ err: error }, 'configuration not read again'),
  )
}

/** Brings the connection in the credentials file up to date. The server runs without it, so a failure is only logged. */
async function updateCredentialsFile(config: Config, app: App, log: Log): Promise<void> {
  try {
    await updateConnection(app.credentials.path, {
      endpointUrl: app.apiUrl,
      region,
      caBundle: config.tls.kind === 'self' ? rootFile(config) : undefined,
    })
  } catch (error) {
    log.warn(
      { err: error, path: app.credentials.path },
      'cannot update the endpoint in the credentials file; pass --endpoint-url to AWS clients',
    )
  }
}

/** Region that clients use if they name none. */
const region = 'eu-central-1'

function banner(config: Config, app: App): string {
  const { isNew } = app.credentials
  const backup = isNew ? `Back up ${config.masterKeyFile}: without it every CA is lost.\n` : ''
  return `Signet ${version()} serves the AWS Private CA API at ${app.apiUrl}
and CRLs, OCSP and CA certificates at ${app.publicUrl}

Data folder: ${config.dataDirectory}
${backup}
To use it from another terminal:

${clientSetup(config, app)}
Ctrl-C stops it.
`
}

/** Commands to paste. The credentials file has region and endpoint, unless another node wrote it. */
function clientSetup(config: Config, { credentials, apiUrl }: App): string {
  const { path, elsewhere } = credentials
  const command = `  aws acm-pca list-certificate-authorities --endpoint-url ${apiUrl}\n`
  if (elsewhere === undefined) return `  export AWS_SHARED_CREDENTIALS_FILE='${path}'\n${command}`
  const trust = config.tls.kind === 'self' ? `  export AWS_CA_BUNDLE='${rootFile(config)}'\n` : ''
  // Another node created the account; copy its file, or create a key with `signet access-key create`.
  return `  # a copy of ${elsewhere}
  export AWS_SHARED_CREDENTIALS_FILE='${path}'
  export AWS_ENDPOINT_URL_ACM_PCA=${apiUrl}
  export AWS_ENDPOINT_URL_STS=${apiUrl}
  export AWS_DEFAULT_REGION=${region}
${trust}${command}`
}
