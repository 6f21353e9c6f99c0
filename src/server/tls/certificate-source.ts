/** Where the certificate of the API listener comes from, and when there is another one. */
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
  /** What the listener shows. Throws ConfigurationError if there is nothing that it could show. */
  first(services: Services): Promise<TlsMaterial>
  /** What it shows instead from now on; undefined if that is still the same. */
  next(services: Services): Promise<TlsMaterial | undefined>
}

/** Reads what is in files at once; undefined without TLS. Throws ConfigurationError if it is no good. */
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
  let seen = await marksOf(paths)
  const material = await read()
  return {
    async first({ log }) {
      const warning = await keyModeWarning(keyFile)
      if (warning !== undefined) log.warn(warning)
      return material
    },
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

async function fromOwn(config: TlsConfig & { kind: 'self' }, root: string): Promise<TlsSource> {
  const { clientCaFile } = config
  const paths = clientCaFile === undefined ? [] : [clientCaFile]
  const readCa = async (): Promise<string | undefined> =>
    clientCaFile === undefined ? undefined : readClientAuthorities(clientCaFile)
  let seen = await marksOf(paths)
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
      const marks = await marksOf(paths)
      const isDue = own === undefined || own.renewAt <= services.clock.now()
      if (marks === seen && !isDue) return undefined
      if (marks !== seen) ca = await readCa()
      seen = marks
      return current(services)
    },
  }
}

/** Where the root above a certificate of the server's own is written, for clients to trust. */
export function rootFile({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'tls-root.pem')
}

const everyMilliseconds = 5000
/** What fails again and again is said in the log so often. */
const complaintEvery = 12

export interface TlsKeeper {
  /** Looks now. */
  refresh(): Promise<void>
  stop(): void
}

/** Looks every few seconds whether there is another certificate. One that is bad is said, and the one before stays. */
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
    const isLoud = failures % complaintEvery === 0
    failures = (await show(source, services, { server, isLoud })) ? 0 : failures + 1
    if (isStopped) return
    later()
  }
  const later = (): void => {
    timer = setTimeout(() => {
      refresh().catch((error: unknown) =>
        services.log.error({ err: error }, 'the certificate of the API listener is not looked at'),
      )
    }, everyMilliseconds).unref()
  }
  later()
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
  { server, isLoud }: { readonly server: Listener; readonly isLoud: boolean },
): Promise<boolean> {
  try {
    const material = await source.next(services)
    if (material === undefined) return true
    showCertificate(server, material)
    services.log.info('the API listener has another certificate')
    return true
  } catch (error) {
    if (isLoud) services.log.error({ err: error }, 'the API listener keeps its certificate')
    return false
  }
}
