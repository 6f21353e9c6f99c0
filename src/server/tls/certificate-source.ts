/** Sources of TLS certificates for the API listener and the enrollment listener. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../settings/config.ts'
import type { TlsConfig } from '../../settings/tls-config.ts'
import { replaceFile } from '../../files/durable-file.ts'
import type { TlsMaterial } from '../../http/tls.ts'
import type { Services } from '../../services.ts'
import {
  keyModeWarning,
  readCertificateAndKey,
  readClientAuthorities,
} from './certificate-files.ts'
import { issueFromRoot } from './root-issued.ts'
import { issueOwnCertificate, type OwnCertificate } from './self-issued.ts'
import type { RootKeys } from './server-root.ts'

export interface TlsSource {
  /** Returns the certificate for the start of the listener. Throws ConfigurationError if the certificate cannot be issued. */
  first(services: Services): Promise<TlsMaterial>
  /** Returns the new certificate, or undefined if the certificate has not changed. */
  next(services: Services): Promise<TlsMaterial | undefined>
}

/**
 * Creates the certificate source for the API listener, and reads the configured files. Returns undefined if the API listener
 * does not use TLS. Throws ConfigurationError if a file is invalid.
 */
export async function openTlsSource(config: Config): Promise<TlsSource | undefined> {
  const { tls } = config
  if (tls.kind === 'none') return undefined
  if (tls.kind === 'files') return fromFiles(tls)
  return fromOwn((services) => issueOwnCertificate(services, tls), {
    root: rootFile(config),
    clientCaFile: tls.clientCaFile,
  })
}

/**
 * Creates the source that issues certificates under the server's own root. The enrollment listener uses this source if the API
 * has no TLS.
 */
export function openRootSource(
  config: Config,
  keys: RootKeys,
  names: readonly string[],
): Promise<TlsSource> {
  return fromOwn((services) => issueFromRoot(services, keys, names), {
    root: rootFile(config),
    clientCaFile: undefined,
  })
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

interface OwnSourceOptions {
  /** Path of the file to which the root certificate is written. */
  readonly root: string
  readonly clientCaFile: string | undefined
}

/** Creates a source that issues its certificates itself and renews them. */
async function fromOwn(
  issue: (services: Services) => Promise<OwnCertificate>,
  { root, clientCaFile }: OwnSourceOptions,
): Promise<TlsSource> {
  const paths = clientCaFile === undefined ? [] : [clientCaFile]
  const readCa = async (): Promise<string | undefined> =>
    clientCaFile === undefined ? undefined : readClientAuthorities(clientCaFile)
  let version = await fileVersions(paths)
  let ca = await readCa()
  let own: OwnCertificate | undefined
  const current = async (services: Services): Promise<TlsMaterial> => {
    if (own === undefined || own.renewAt <= services.clock.now()) {
      own = await issue(services)
      await writeRoot(root, own.root)
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

/** Writes the file unless it already has the right content, because several workers may be starting at the same time. */
async function writeRoot(path: string, content: string): Promise<void> {
  const present = await readFile(path, 'utf8').catch(() => undefined)
  if (present !== content) await replaceFile({ path, content, mode: 0o644 })
}

/** Returns the path of the file with the root of self-issued certificates. Clients must trust this root. */
export function rootFile({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'tls-root.pem')
}
