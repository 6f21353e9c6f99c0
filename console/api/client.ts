/** The client of the public API: signed requests in the AWS JSON 1.1 protocol, and GetCallerIdentity of STS. */
import { ApiError, parseError, parseStsError } from './errors.ts'
import { signRequest, type Credentials } from './sigv4.ts'
import type { OperationName, Outputs } from './types.ts'

interface CallOptions {
  /** Region of the request. By default, the Region in the input's ARN, or the session's Region. */
  readonly region?: string
  readonly signal?: AbortSignal
}

export interface Client {
  readonly region: string
  /** Calls an operation. Rejects with ApiError. */
  call<Name extends OperationName>(
    operation: Name,
    input: object,
    options?: CallOptions,
  ): Promise<Outputs[Name]>
  /** Returns the principal that the credentials belong to. Rejects with ApiError. */
  callerIdentity(): Promise<Identity>
}

export interface Identity {
  readonly arn: string
  readonly account: string
}

export interface ClientOptions {
  readonly endpoint: URL
  readonly credentials: Credentials
  readonly region: string
}

const attemptsMax = 4
const retryMilliseconds = 250
/** Difference between the browser's and the server's clock above which requests are signed with the server's time. */
const skewMilliseconds = 60_000

export function createClient({ endpoint, credentials, region }: ClientOptions): Client {
  let offset = 0
  const post = async (request: PostRequest): Promise<Response> => {
    const { headers, body, signal, ...scope } = request
    const date = new Date(Date.now() + offset)
    const signed = await signRequest(
      { method: 'POST', url: endpoint, headers, body },
      { ...scope, credentials, date },
    )
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: signed,
      body,
      // The request has no credentials other than the signature.
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error
      throw new ApiError({
        code: 'NetworkError',
        message: 'The server did not respond. Check that it runs, and try again.',
      })
    })
    const serverTime = Date.parse(response.headers.get('date') ?? '')
    const skew = serverTime - Date.now()
    if (response.status < 400 || !(Math.abs(skew - offset) > skewMilliseconds)) return response
    // This machine's clock is wrong, so the request is signed again with the server's time.
    offset = skew
    return request.isCorrected ? response : post({ ...request, isCorrected: true })
  }
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
      }
      for (let attempt = 1; ; attempt += 1) {
        const response = await post(request)
        const text = await response.text()
        if (response.ok) return (text === '' ? {} : JSON.parse(text)) as never
        const error = parseError(response, text, operation)
        if (attempt === attemptsMax || !isRetryable(error, operation)) throw error
        await delay(retryMilliseconds * 2 ** (attempt - 1), options.signal)
      }
    },
    async callerIdentity() {
      const response = await post({
        service: 'sts',
        region,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: 'Action=GetCallerIdentity&Version=2011-06-15',
        signal: undefined,
      })
      const text = await response.text()
      if (!response.ok) throw parseStsError(response, text)
      const member = (name: string): string =>
        new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? ''
      return { arn: member('Arn'), account: member('Account') }
    },
  }
}

interface PostRequest {
  readonly service: string
  readonly region: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal | undefined
  readonly isCorrected?: boolean
}

/** Returns the Region of the first ARN in the input. */
function regionOf(input: object): string | undefined {
  for (const value of Object.values(input)) {
    const [, region] = /^arn:[^:]*:acm-pca:([^:]+):/.exec(String(value)) ?? []
    if (region !== undefined) return region
  }
  return undefined
}

/** A throttled request was not executed. After other failures, only read operations are retried. */
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

/** Calls a list operation until the last page, or until there are `limit` rows. */
export async function listAll<Name extends OperationName, Item>(
  client: Client,
  operation: Name,
  options: {
    readonly input?: object
    readonly items: (output: Outputs[Name]) => readonly Item[]
    readonly limit?: number
    readonly pageSize?: number
    readonly onProgress?: (count: number) => void
    readonly signal?: AbortSignal
  },
): Promise<{ readonly items: readonly Item[]; readonly isComplete: boolean }> {
  const { input = {}, limit = Infinity, pageSize = 1000, onProgress, signal } = options
  const found: Item[] = []
  let token: string | undefined
  do {
    const page = { ...input, MaxResults: pageSize, ...(token && { NextToken: token }) }
    const output = await client.call(operation, page, signal ? { signal } : {})
    found.push(...options.items(output))
    onProgress?.(found.length)
    token = (output as { readonly NextToken?: string }).NextToken
  } while (token !== undefined && found.length < limit)
  return { items: found, isComplete: token === undefined }
}
