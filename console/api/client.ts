/** A client for the public API. The client sends signed requests in the AWS JSON 1.1 protocol and calls STS. */
import { ApiError, parseError, parseStsError } from './errors.ts'
import { fetchFromServer } from './fetch.ts'
import { signRequest, type Credentials } from './sigv4.ts'
import {
  assumeRoleParameters,
  formOf,
  memberOf,
  roleSessionOf,
  serverTimeOf,
  type RoleRequest,
  type RoleSession,
} from './sts.ts'
import type { OperationName, Outputs } from './types.ts'

interface CallOptions {
  /** Region of the request; by default, the Region in the input's ARN or the session's Region. */
  readonly region?: string
  readonly signal?: AbortSignal
}

export interface Client {
  readonly region: string
  /** Calls an API operation. Rejects with ApiError. */
  call<Name extends OperationName>(
    operation: Name,
    input: object,
    options?: CallOptions,
  ): Promise<Outputs[Name]>
  /** Returns the principal that owns the credentials. Rejects with ApiError. */
  callerIdentity(): Promise<Identity>
  /** Returns credentials for a role that the principal may assume. Rejects with ApiError. */
  assumeRole(role: RoleRequest): Promise<RoleSession>
}

export interface Identity {
  readonly arn: string
  readonly account: string
}

/** The credentials of a session, which may change between requests. */
export interface CredentialSource {
  /** Returns the credentials for the next request. */
  current(): Promise<Credentials>
  /** Renews credentials that the server has rejected. Resolves to whether new credentials are available. */
  renew(rejected: Credentials): Promise<boolean>
}

/** Returns credentials that cannot be renewed. */
export function fixedCredentials(credentials: Credentials): CredentialSource {
  return { current: () => Promise.resolve(credentials), renew: () => Promise.resolve(false) }
}

export interface ClientOptions {
  readonly endpoint: URL
  readonly credentials: CredentialSource
  readonly region: string
  /** Called if the server has rejected the credentials and new credentials are not available. */
  readonly onSignedOut?: ((error: ApiError) => void) | undefined
}

const attemptsMax = 4
/** Number of rows requested in one call. */
const pageSizeMax = 1000
const retryMilliseconds = 250
/**
 * Maximum difference between the clocks of the browser and the server. Above this limit, requests are signed with the server's
 * time.
 */
const skewMilliseconds = 60_000

export function createClient({
  endpoint,
  credentials: source,
  region,
  onSignedOut,
}: ClientOptions): Client {
  let offset = 0
  const sign = async (request: SignedCall, credentials: Credentials): Promise<Response> => {
    const { headers, body, signal, ...scope } = request
    const date = new Date(Date.now() + offset)
    const signed = await signRequest(
      { method: 'POST', url: endpoint, headers, body },
      { ...scope, credentials, date },
    )
    const response = await fetchFromServer(endpoint, {
      method: 'POST',
      headers: signed,
      body,
      ...(signal && { signal }),
    })
    const serverTime = Date.parse(response.headers.get('date') ?? '')
    const skew = serverTime - Date.now()
    if (response.status < 400 || !(Math.abs(skew - offset) > skewMilliseconds)) return response
    // The browser's clock is wrong, so the request is signed again with the server's time.
    offset = skew
    return request.isCorrected ? response : sign({ ...request, isCorrected: true }, credentials)
  }
  const post = async (request: SignedCall, isRenewed = false): Promise<Received> => {
    const credentials = await source.current()
    const response = await sign(request, credentials)
    const text = await response.text()
    if (response.ok) return { response, text }
    const error = request.readError(response, text)
    if (!error.isSignedOut) throw error
    if (!isRenewed && (await source.renew(credentials))) return post(request, true)
    if (!request.signal?.aborted) onSignedOut?.(error)
    throw error
  }
  const postSts = (parameters: Readonly<Record<string, string>>): Promise<Received> =>
    post({
      service: 'sts',
      region,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: formOf(parameters),
      signal: undefined,
      readError: (response, text) => parseStsError(response, text, parameters['Action'] ?? ''),
    })
  return {
    region,
    async call(operation, input, options = {}) {
      const request = {
        service: 'acm-pca',
        region: options.region ?? regionOf(input) ?? region,
        headers: {
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': `ACMPrivateCA.${operation}`,
        },
        body: JSON.stringify(input),
        signal: options.signal,
        readError: (response: Response, text: string) => parseError(response, text, operation),
      }
      for (let attempt = 1; ; attempt += 1)
        try {
          const { text } = await post(request)
          return (text === '' ? {} : JSON.parse(text)) as never
        } catch (error) {
          const isLast = attempt === attemptsMax || !(error instanceof ApiError)
          if (isLast || !isRetryable(error, operation)) throw error
          await delay(retryMilliseconds * 2 ** (attempt - 1), options.signal)
        }
    },
    async callerIdentity() {
      const { text } = await postSts({ Action: 'GetCallerIdentity' })
      return { arn: memberOf(text, 'Arn'), account: memberOf(text, 'Account') }
    },
    async assumeRole(role) {
      const { response, text } = await postSts(assumeRoleParameters(role))
      return roleSessionOf(text, serverTimeOf(response))
    },
  }
}

interface Received {
  readonly response: Response
  readonly text: string
}

interface SignedCall {
  readonly service: string
  readonly region: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal | undefined
  readonly isCorrected?: boolean
  readonly readError: (response: Response, text: string) => ApiError
}

/** Returns the Region of the first ARN in the input. */
function regionOf(input: object): string | undefined {
  for (const value of Object.values(input)) {
    const [, region] = /^arn:[^:]*:acm-pca:([^:]+):/.exec(String(value)) ?? []
    if (region !== undefined) return region
  }
  return undefined
}

/** A throttled request is always retried, because it was not executed. After other failures, only read operations are retried. */
function isRetryable({ code }: ApiError, operation: string): boolean {
  if (code === 'ThrottlingException') return true
  return code === 'ServiceUnavailable' && /^(?:Check|Describe|Get|List|Simulate)/.test(operation)
}

function delay(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    })
  })
}

/** Rows from a list operation. */
export interface Listed<Item> {
  readonly items: readonly Item[]
  /** The token is undefined if there are no further rows. */
  readonly nextToken?: string | undefined
}

/** Calls a list operation until the last page or `limit` rows have been read, or `callsMax` calls have been made. */
export async function listAll<Name extends OperationName, Item>(
  client: Client,
  operation: Name,
  options: {
    readonly input?: object
    readonly items: (output: Outputs[Name]) => readonly Item[]
    readonly limit?: number
    readonly callsMax?: number
    /** Token of the first page to read. */
    readonly token?: string | undefined
    readonly onProgress?: (count: number) => void
    readonly signal?: AbortSignal
  },
): Promise<Listed<Item> & { readonly last: Outputs[Name] }> {
  const { input = {}, limit = Infinity, callsMax = Infinity, onProgress, signal } = options
  const found: Item[] = []
  let { token } = options
  for (let calls = 1; ; calls += 1) {
    const MaxResults = Math.min(pageSizeMax, limit - found.length)
    const page = { ...input, MaxResults, ...(token && { NextToken: token }) }
    const last = await client.call(operation, page, signal ? { signal } : {})
    found.push(...options.items(last))
    onProgress?.(found.length)
    token = (last as { readonly NextToken?: string }).NextToken
    if (token === undefined || found.length >= limit || calls === callsMax)
      return { items: found, nextToken: token, last }
  }
}

/** Converts text to base64, for API members of the type "bytes". */
export function toBase64(text: string): string {
  return btoa(
    Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''),
  )
}
