/** Where the certificate of the API listener comes from, and when there is another one. */
import { stat } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { TlsConfig } from './config.ts'
import { showCertificate, type TlsMaterial } from './http/tls.ts'
import type { Services } from './services.ts'
import { readCertificateAndKey, readClientAuthorities } from './tls-files.ts'
import { issueOwnCertificate, type OwnCertificate } from './tls-self.ts'

export interface TlsSource {
  /** What the listener shows. Throws ConfigurationError if there is nothing that it could show. */
  first(services: Services): Promise<TlsMaterial>
  /** What it shows instead from now on; undefined if that is still the same. */
  next(services: Services): Promise<TlsMaterial | undefined>
}

/** Reads what is in files at once; undefined without TLS. Throws ConfigurationError if it is no good. */
export async function openTlsSource(config: TlsConfig): Promise<TlsSource | undefined> {
  if (config.kind === 'none') return undefined
  return config.kind === 'files' ? fromFiles(config) : fromOwn(config)
}

async function fromFiles(config: TlsConfig & { kind: 'files' }): Promise<TlsSource> {
  const { certFile, keyFile, clientCaFile } = config
  const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]
  const read = async (): Promise<TlsMaterial> => ({
    ...(await readCertificateAndKey(certFile, keyFile)),
    ca: clientCaFile === undefined ? undefined : await readClientAuthorities(clientCaFile),
  })
  let seen = await marksOf(paths)
  const material = await read()
  return {
    first: () => Promise.resolve(material),
    async next() {
      const marks = await marksOf(paths)
      if (marks === seen) return undefined
      const changed = await read()
      seen = marks
      return changed
    },
  }
}

/** Another text after each change; links are followed. */
async function marksOf(paths: readonly string[]): Promise<string> {
  const marks = paths.map(async (path) => {
    try {
      const { ino, size, mtimeMs } = await stat(path)
      return `${ino} ${size} ${mtimeMs}`
    } catch {
      return 'none'
    }
  })
  return (await Promise.all(marks)).join(', ')
}

async function fromOwn(config: TlsConfig & { kind: 'self' }): Promise<TlsSource> {
  const { clientCaFile } = config
  const ca = clientCaFile === undefined ? undefined : await readClientAuthorities(clientCaFile)
  let own: OwnCertificate | undefined
  const issue = async (services: Services): Promise<TlsMaterial> => {
    own = await issueOwnCertificate(services, config)
    return { cert: own.cert, key: own.key, ca }
  }
  return {
    first: issue,
    async next(services) {
      const isDue = own === undefined || own.renewAt <= services.clock.now()
      return isDue ? issue(services) : undefined
    },
  }
}

const everyMilliseconds = 5000
/** What failed is tried again after so long, and said in the log each time. */
const retryMilliseconds = 60_000

export interface TlsKeeper {
  /** Looks now. */
  refresh(): Promise<void>
  stop(): void
}

/** Looks every few seconds whether there is another certificate. One that is bad is said, and the one before stays. */
export function keepCertificate(
  source: TlsSource,
  services: Services,
  server: FastifyInstance,
): TlsKeeper {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  const refresh = async (): Promise<void> => {
    clearTimeout(timer)
    const isGood = await show(source, services, server)
    if (isStopped) return
    timer = setTimeout(() => void refresh(), isGood ? everyMilliseconds : retryMilliseconds)
    timer.unref()
  }
  timer = setTimeout(() => void refresh(), everyMilliseconds)
  timer.unref()
  return {
    refresh,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

async function show(
  source: TlsSource,
  services: Services,
  server: FastifyInstance,
): Promise<boolean> {
  try {
    const material = await source.next(services)
    if (material === undefined) return true
    showCertificate(server, material)
    services.log.info('the API listener has another certificate')
    return true
  } catch (error) {
    services.log.error({ err: error }, 'the API listener keeps its certificate')
    return false
  }
}
