/**
 * How commands reach a server: through the API, as any client does. This folder does the work of those commands; their flags
 * and their output are in cli/.
 */
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Client } from '../../client/index.ts'
import { ConfigurationError } from '../errors.ts'
import { parseCredentials, type Credentials } from '../text/credentials-file.ts'

export interface ConnectionOptions {
  /** URL of the API. */
  readonly endpoint: string
  readonly region: string
  /** Data folder whose `credentials` are used if it has any; undefined for those that every AWS client finds. */
  readonly dataDirectory: string | undefined
  /** Whether there must be credentials in that folder. */
  readonly isDataNamed: boolean
  /** PEM file of CAs to trust, beside those of Node.js. */
  readonly caFile: string | undefined
}

export interface Connection {
  readonly endpoint: string
  readonly region: string
  readonly client: Client
}

export type Progress = (text: string) => void

/** Milliseconds. */
const reachTimeout = 5000

/**
 * Calls `work` with a client. Rejects with ConfigurationError for missing credentials, and with a message for people if the
 * server cannot be reached.
 */
export async function withConnection<T>(
  options: ConnectionOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { endpoint, region } = options
  requireUrl(endpoint)
  trust(options)
  const credentials = credentialsOf(options)
  await reach(endpoint)
  // The SDK takes a while to load, which the other commands need not wait for.
  const { createClient } = await import('../../client/index.ts')
  const client = createClient({
    endpoint,
    region,
    maxAttempts: 3,
    ...(credentials && { credentials }),
  })
  try {
    return await work({ endpoint, region, client })
  } catch (error) {
    throw explain(error, endpoint)
  } finally {
    client.close()
  }
}

function requireUrl(endpoint: string): void {
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new ConfigurationError(`--endpoint must be an http or https URL, not '${endpoint}'`)
}

/** Trusts the CAs of --ca-file, and the root in the data folder, which a server that issues its own certificate writes. */
export function trust({ caFile, dataDirectory, endpoint }: ConnectionOptions): void {
  if (!endpoint.startsWith('https:')) return
  const rootFile = dataDirectory === undefined ? undefined : join(dataDirectory, 'tls-root.pem')
  const files = [caFile, rootFile !== undefined && existsSync(rootFile) ? rootFile : undefined]
  const certificates = files
    .filter((file) => file !== undefined)
    .map((file) => read(file, '--ca-file'))
  if (certificates.length > 0)
    setDefaultCACertificates([...getCACertificates('default'), ...certificates])
}

function credentialsOf({ dataDirectory, isDataNamed }: ConnectionOptions): Credentials | undefined {
  if (dataDirectory === undefined) return undefined
  const file = join(dataDirectory, 'credentials')
  if (!isDataNamed && !existsSync(file)) return undefined
  const credentials = parseCredentials(read(file, 'credentials'))
  if (credentials === undefined) throw new ConfigurationError(`${file} does not hold an access key`)
  return credentials
}

function read(file: string, noun: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${noun}: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Rejects in words if nobody takes a connection. The SDK would try that several times, and its own limits on time keep a
 * process alive that has failed.
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
      else
        reject(
          new Error(
            `nobody answers at ${endpoint} (${reason}): start the server with 'signet serve', or name another --endpoint`,
          ),
        )
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end('no connection in five seconds'))
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => end(code ?? message))
  })
}

/** Replaces the SDK's messages for missing credentials and for a response that is not JSON by ones that a person can act on. */
function explain(error: unknown, endpoint: string): unknown {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (each.message.includes('Deserialization error'))
      return new Error(
        `what answers at ${endpoint} is not the API of AWS Private CA; is it the public listener?`,
        { cause: error },
      )
    if (each.name === 'CredentialsProviderError')
      return new ConfigurationError(
        'there are no credentials: name the data folder of the server with --data, or set AWS_PROFILE or AWS_ACCESS_KEY_ID',
        { cause: error },
      )
  }
  return error
}
