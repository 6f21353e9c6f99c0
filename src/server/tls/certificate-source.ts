/** Sources of the API listener's certificate, and its replacement at run time. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config, TlsConfig } from '../../settings/config.ts'
import { replaceFile } from '../../durable-file.ts'
import type { Listener } from '../../http/listener.ts'
import { showCertificate, type TlsMaterial } from '../../http/tls.ts'
import type { Services } from '../../services.ts'
import {
  keyModeWarning,
  readCertificateAndKey,
  readClientAuthorities,
} from './certificate-files.ts'
import { issueOwnCertificate, type OwnCertificate } from './self-issued.ts'

export interface TlsSource {
  /** Returns the certificate at startup. Throws ConfigurationError if it cannot be issued. */
  first(services: Services): Promise<TlsMaterial>
  /** Returns the new certificate; undefined if the certificate has not changed. */
  next(services: Services): Promise<TlsMaterial | undefined>
}

/** Creates the source and reads its files. Returns undefined without TLS. Throws ConfigurationError for invalid files. */
export async function openTlsSource(config: Config): Promise<TlsSource | undefined> {
  const { tls } = config
  if (tls.kind === 'none') return undefined
  return tls.kind === 'files' ? fromFiles(tls) : fromOwn(tls, rootFile(config))
}

async function fromFiles(config: TlsConfig & { kind: 'files' }): Promise<TlsSource> {
  const { certFile, keyFile, clientCaFile } = config
  const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]
  const read = async (): Promise<TlsMaterial> => ({
    ...(await readCertificateAndKey(certFile, keyFile)),
    ca: clientCaFile === undefined ? undefined : await readClientAuthorities(clientCaFile),
  })
  let version = await fileVersions(paths)
  const material = await read()
  return {
    async first({ log }) {
      const warning = await keyModeWarning(keyFile)
      if (warning !== undefined) log.warn(warning)
      return material
    },
    async next() {
      const latest = await fileVersions(paths)
      if (latest === version) return undefined
      const changed = await read()
      version = latest
      return changed
    },
  }
}

/** Returns a string that changes when one of the files changes. Symbolic links are followed. */
async function fileVersions(paths: readonly string[]): Promise<string> {
  const versions = paths.map(async (path) => {
    try {
      const { ino, size, mtimeMs } = await stat(path)
      return `${ino} ${size} ${mtimeMs}`
    } catch {
      return 'none'
    }
  })
  return (await Promise.all(versions)).join(', ')
}

async function fromOwn(config: TlsConfig & { kind: 'self' }, root: string): Promise<TlsSource> {
  const { clientCaFile } = config
  const paths = clientCaFile === undefined ? [] : [clientCaFile]
  const readCa = async (): Promise<string | undefined> =>
    clientCaFile === undefined ? undefined : readClientAuthorities(clientCaFile)
  let version = await fileVersions(paths)
  let ca = await readCa()
  let own: OwnCertificate | undefined
  const current = async (services: Services): Promise<TlsMaterial> => {
    if (own === undefined || own.renewAt <= services.clock.now()) {
      own = await issueOwnCertificate(services, config)
      await replaceFile({ path: root, content: own.root, mode: 0o644 })
    }
    return { cert: own.cert, key: own.key, ca }
  }
  return {
    first: current,
    async next(services) {
      const latest = await fileVersions(paths)
      const isDue = own === undefined || own.renewAt <= services.clock.now()
      if (latest === version && !isDue) return undefined
      if (latest !== version) ca = await readCa()
      version = latest
      return current(services)
    },
  }
}

/** Returns the path to which --tls-self writes the root certificate, which clients must trust. */
export function rootFile({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'tls-root.pem')
}

const everyMilliseconds = 5000
/** Number of failed attempts per log line, if a failure repeats. */
const attemptsPerLog = 12

export interface TlsKeeper {
  /** Checks for a new certificate now. */
  refresh(): Promise<void>
  stop(): void
}

/** Checks for a new certificate every five seconds. An invalid certificate is logged, and the previous one stays in use. */
export function keepCertificate(
  source: TlsSource,
  services: Services,
  server: Listener,
): TlsKeeper {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let failures = 0
  const refresh = async (): Promise<void> => {
    clearTimeout(timer)
    const logsFailure = failures % attemptsPerLog === 0
    failures = (await update(source, services, { server, logsFailure })) ? 0 : failures + 1
    if (isStopped) return
    schedule()
  }
  const schedule = (): void => {
    timer = setTimeout(() => {
      refresh().catch((error: unknown) =>
        services.log.error(
          { err: error },
          'the check for a new certificate of the API listener failed',
        ),
      )
    }, everyMilliseconds).unref()
  }
  schedule()
  return {
    refresh,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** Installs the new certificate, if there is one. Returns whether it succeeded. */
async function update(
  source: TlsSource,
  services: Services,
  { server, logsFailure }: { readonly server: Listener; readonly logsFailure: boolean },
): Promise<boolean> {
  try {
    const material = await source.next(services)
    if (material === undefined) return true
    showCertificate(server, material)
    services.log.info('the API listener uses a new certificate')
    return true
  } catch (error) {
    if (logsFailure)
      services.log.error(
        { err: error },
        'the new certificate of the API listener is invalid; the previous one stays in use',
      )
    return false
  }
}
