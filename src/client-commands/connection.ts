/**
 * A command's connection to the API. This folder implements the commands that call the API. The commands' flags and output are in
 * cli/.
 */
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Client } from '../../client/index.ts'
import { ConfigurationError } from '../errors.ts'
import { parseCredentials, type Credentials } from '../text/credentials-file.ts'
import { systemErrorText } from '../text/system-error.ts'
import { cannotConnect, explainConnectionError } from './connection-error.ts'

export interface ConnectionOptions {
  /** The API's URL. */
  readonly endpoint: string
  readonly region: string
  /** URL of the metrics; by default, `/metrics` at the endpoint. */
  readonly metricsUrl?: string | undefined
  /** URL of the enrollment listener; undefined if it is unknown or turned off. */
  readonly enrollUrl?: string | undefined
  /** Data folder that contains a `credentials` file; if undefined, the default credentials of AWS clients are used. */
  readonly dataDirectory: string | undefined
  /** Whether the `credentials` file must exist. */
  readonly isDataNamed: boolean
  /** Profile in the AWS shared files; by default, the profile set in the environment. */
  readonly profile?: string | undefined
  /** PEM file with CA certificates to trust in addition to those in Node.js. */
  readonly caFile: string | undefined
}

export interface Connection {
  readonly endpoint: string
  readonly region: string
  readonly client: Client
}

export type Progress = (text: string) => void

/** Timeout of the connection test, in milliseconds. */
const reachTimeout = 5000

/**
 * Calls `work` with a client for the API. Rejects with ConfigurationError if credentials are missing, and with a readable
 * message if the server cannot be reached.
 */
export async function withConnection<T>(
  options: ConnectionOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { endpoint, region } = options
  trust(options)
  const credentials = credentialsOf(options)
  await reach(endpoint)
  // The SDK is slow to load, and most commands do not need it.
  const { createClient } = await import('../../client/index.ts')
  const client = createClient({
    endpoint,
    region,
    maxAttempts: 3,
    ...(credentials && { credentials }),
    ...(options.profile !== undefined && { profile: options.profile }),
  })
  try {
    return await work({ endpoint, region, client })
  } catch (error) {
    const file = credentials && join(options.dataDirectory ?? '', 'credentials')
    throw explainConnectionError(explainRejection(withBucketAdvice(error), file), endpoint)
  } finally {
    client.close()
  }
}

/**
 * Returns the trusted CA certificates: those in --ca-file, and the root that a server with `--tls-self` writes to its data
 * folder.
 */
export function trust({ caFile, dataDirectory, endpoint }: ConnectionOptions): void {
  if (!endpoint.startsWith('https:')) return
  const rootFile = dataDirectory === undefined ? undefined : join(dataDirectory, 'tls-root.pem')
  const files = [caFile, rootFile !== undefined && existsSync(rootFile) ? rootFile : undefined]
  const certificates = files
    .filter((file) => file !== undefined)
    .map((file) => read(file, '--ca-file or AWS_CA_BUNDLE'))
  if (certificates.length > 0)
    setDefaultCACertificates([...getCACertificates('default'), ...certificates])
}

function credentialsOf({ dataDirectory, isDataNamed }: ConnectionOptions): Credentials | undefined {
  if (dataDirectory === undefined) return undefined
  const file = join(dataDirectory, 'credentials')
  if (!isDataNamed && !existsSync(file)) return undefined
  const credentials = parseCredentials(read(file, '--data'))
  if (credentials === undefined)
    throw new ConfigurationError(`${file} has no access key in the profile 'default'`)
  return credentials
}

/** Reads a file specified by a flag. */
function read(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`cannot read ${file}: ${systemErrorText(error)}; check ${flag}`, {
      cause: error,
    })
  }
}

/**
 * Rejects with a readable message if the server does not accept a connection. The SDK would retry several times, and its timers
 * would keep the process alive after the failure.
 */
function reach(endpoint: string): Promise<void> {
  const { hostname, port, protocol } = new URL(endpoint)
  const fallback = protocol === 'https:' ? 443 : 80
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname.replaceAll(/[[\]]/g, ''),
      port: port === '' ? fallback : Number(port),
      timeout: reachTimeout,
    })
    const end = (reason: string | undefined): void => {
      socket.destroy()
      if (reason === undefined) resolve()
      else reject(new Error(cannotConnect(endpoint, reason)))
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end('no connection within five seconds'))
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => end(code ?? message))
  })
}

/** Names of the errors for an unknown access key. */
const unknownKeyErrors: ReadonlySet<string> = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
])

const unservedRegion = /Credential should be scoped to a valid region\. '([^']*)' is not served/

/**
 * If the server does not serve the requested Region, the error explains how to select another Region. If the server rejects the
 * access key in a data folder's credentials file, the error also explains how to select other credentials.
 */
function explainRejection(error: unknown, file: string | undefined): unknown {
  const [, region] = unservedRegion.exec((error as Error).message) ?? []
  if (region !== undefined)
    return new ConfigurationError(
      `the server does not serve the Region ${region}: specify another Region with --region, or add this Region with serve --regions`,
      { cause: error },
    )
  if (file === undefined) return error
  for (let each = error; each instanceof Error; each = each.cause)
    if (
      unknownKeyErrors.has(each.name) ||
      unknownKeyErrors.has((each as { code?: string }).code ?? '')
    )
      return new Error(
        `${(error as Error).message.replace(/\.$/, '')}; the access key is from ${file}; select other credentials with --data, --profile or --aws-credentials`,
        { cause: error },
      )
  return error
}

/** Adds how to create a bucket of the embedded object store to AWS's error, which cannot mention it. */
function withBucketAdvice(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const [, bucket] = /Permission error with your S3 bucket '([^']*)'/.exec(error.message) ?? []
  if (bucket === undefined) return error
  return new Error(
    `${error.message} If the bucket does not exist, create it on the server with: signet bucket create ${bucket}`,
    { cause: error },
  )
}
