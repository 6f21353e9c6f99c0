/**
 * How the daily commands reach a server: as any client would, through the API. This folder is what those commands do; what
 * they can be asked, and how they print it, is in cli/.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Client } from '../../client/index.ts'
import { ConfigurationError } from '../errors.ts'

export interface ConnectionWish {
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

/** A server, and a client of it. */
export interface Connection {
  readonly endpoint: string
  readonly region: string
  readonly client: Client
}

/** Milliseconds that a connection may take. */
const connectTimeout = 5000
const requestTimeout = 60_000

/**
 * Does something with a client. Rejects with ConfigurationError for credentials that are not there, and says in words if
 * nobody answers.
 */
export async function withConnection<T>(
  wish: ConnectionWish,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const { endpoint, region } = wish
  requireUrl(endpoint)
  trust(wish)
  const credentials = credentialsOf(wish)
  // The SDK takes a while to load, which the other commands need not wait for.
  const { createClient } = await import('../../client/index.ts')
  const client = createClient({
    endpoint,
    region,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: connectTimeout, requestTimeout },
    ...(credentials && { credentials }),
  })
  try {
    return await work({ endpoint, region, client })
  } catch (error) {
    throw inWords(error, wish)
  } finally {
    client.close()
  }
}

function requireUrl(endpoint: string): void {
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))
    throw new ConfigurationError(`--endpoint must be an http or https URL, not '${endpoint}'`)
}

/** Of a server whose certificate is from one of its own CAs, the data folder has the root. */
export function trust({ caFile, dataDirectory, endpoint }: ConnectionWish): void {
  if (!endpoint.startsWith('https:')) return
  const own = dataDirectory === undefined ? undefined : join(dataDirectory, 'tls-root.pem')
  const files = [caFile, own !== undefined && existsSync(own) ? own : undefined]
  const more = files.filter((file) => file !== undefined).map((file) => read(file, '--ca-file'))
  if (more.length > 0) setDefaultCACertificates([...getCACertificates('default'), ...more])
}

interface StaticCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

function credentialsOf({
  dataDirectory,
  isDataNamed,
}: ConnectionWish): StaticCredentials | undefined {
  if (dataDirectory === undefined) return undefined
  const file = join(dataDirectory, 'credentials')
  if (!isDataNamed && !existsSync(file)) return undefined
  const text = read(file, 'credentials')
  const valueOf = (name: string): string =>
    new RegExp(`^${name} *= *(\\S+)`, 'm').exec(text)?.[1] ?? ''
  const accessKeyId = valueOf('aws_access_key_id')
  const secretAccessKey = valueOf('aws_secret_access_key')
  if (accessKeyId === '' || secretAccessKey === '')
    throw new ConfigurationError(`${file} does not hold an access key`)
  return { accessKeyId, secretAccessKey }
}

function read(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${what}: ${(error as Error).message}`, { cause: error })
  }
}

/** What a person who sees it can do something about. */
function inWords(error: unknown, wish: ConnectionWish): unknown {
  const { endpoint } = wish
  const codes = causesOf(error).map(({ code, name }) => code ?? name)
  if (
    codes.some((code) =>
      ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'TimeoutError'].includes(code),
    )
  )
    return new Error(
      `nobody answers at ${endpoint}: start the server with 'signet serve', or name another --endpoint`,
      { cause: error },
    )
  if (codes.includes('CredentialsProviderError'))
    return new ConfigurationError(
      'there are no credentials: name the data folder of the server with --data, or set AWS_PROFILE or AWS_ACCESS_KEY_ID',
      { cause: error },
    )
  return error
}

interface Cause {
  readonly name: string
  readonly code: string | undefined
}

/** The error, and those that it comes from. */
function causesOf(error: unknown): Cause[] {
  const causes: Cause[] = []
  for (let each: unknown = error; each instanceof Error && causes.length < 8; each = each.cause) {
    const code = 'code' in each && typeof each.code === 'string' ? each.code : undefined
    causes.push({ name: each.name, code })
  }
  return causes
}
