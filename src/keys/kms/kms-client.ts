/** Connections to AWS KMS or to a service with the same API. */
import type * as Sdk from '@aws-sdk/client-kms'
import type {
  $Command,
  KMSClient,
  KMSClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-kms'
import { ConfigurationError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { KmsError, toKmsError, type KmsProblem } from './kms-error.ts'
import { withRetries } from './retry.ts'

/** Location of the KMS service. */
export interface KmsConfig {
  /** Endpoint of the KMS service, or undefined for AWS KMS. */
  readonly endpoint: string | undefined
  /**
   * Region in which new keys are created, or undefined if no keys are created. The ARN of an existing key contains the key's
   * Region.
   */
  readonly region: string | undefined
}

export interface KmsOptions extends KmsConfig {
  readonly random: Random
  /** Total time limit for all attempts at a request. The default is 10 seconds. */
  readonly deadlineMilliseconds?: number | undefined
  /**
   * Signal that is aborted when the server begins to stop. When the signal is aborted, the deadline for KMS requests is reduced
   * to a fifth of its normal value.
   */
  readonly stopping?: AbortSignal | undefined
}

/** Creates the AWS SDK command for a request. */
export type KmsRequest<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = (
  sdk: typeof Sdk,
) => $Command<Input, Output, KMSClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>

/** Additional error kinds after which a request is repeated. */
interface SendPolicy {
  readonly retry?: readonly KmsProblem[]
}

export interface Kms {
  /** Region in which new keys are created, or undefined if no keys are created. */
  readonly region: string | undefined
  /**
   * Sends a request to KMS in a Region, and repeats the request if KMS throttles it or does not respond. Throws KmsError if the
   * request fails, the deadline passes, or `close` was called. Throws ConfigurationError if the AWS SDK is not installed.
   */
  send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    region: string,
    request: KmsRequest<Input, Output>,
    options?: SendPolicy,
  ): Promise<Output>
  /** Ends all KMS requests, and closes all connections. */
  close(): void
}

/** Timeouts for each attempt: for the connection setup, and for the time from the request to the end of the response. */
const connectMilliseconds = 2000
const answerMilliseconds = 4000
const deadlineDefault = 10_000

/**
 * Creates a process's connections to KMS. The AWS SDK is loaded when the process sends its first request. The SDK finds its
 * credentials in the usual places: environment variables, shared files, web identity, and the machine's role.
 */
export function createKms(options: KmsOptions): Kms {
  const { random, deadlineMilliseconds = deadlineDefault, stopping } = options
  const clients = new Map<string, KMSClient>()
  const limits = createTimeLimits()
  let loading: Promise<typeof Sdk> | undefined
  const clientOf = (sdk: typeof Sdk, region: string): KMSClient => {
    const client = clients.get(region) ?? createClient(sdk, { ...options, region })
    clients.set(region, client)
    return client
  }
  const close = (): void => {
    stopping?.removeEventListener('abort', closeSoon)
    limits.end(new KmsError('transient', 'the server is stopping'))
    for (const client of clients.values()) client.destroy()
  }
  const closeSoon = (): void => {
    setTimeout(close, deadlineMilliseconds / 5).unref()
  }
  stopping?.addEventListener('abort', closeSoon)
  return {
    region: options.region,
    close,
    async send(region, request, { retry = [] } = {}) {
      const sdk = await (loading ??= loadKmsSdk())
      const client = clientOf(sdk, region)
      const repeated: readonly KmsProblem[] = ['transient', ...retry]
      const isTransient = (error: unknown): boolean =>
        error instanceof KmsError && repeated.includes(error.problem)
      return limits.run(deadlineMilliseconds, (signal) =>
        withRetries(
          async () => {
            try {
              return await client.send(request(sdk), { abortSignal: signal })
            } catch (error) {
              throw toKmsError(error)
            }
          },
          { random, isTransient, signal },
        ),
      )
    },
  }
}

interface TimeLimits {
  /**
   * Runs work and passes it an abort signal. The promise rejects at the deadline and after `end`, even if the work ignores the
   * signal, as some credential providers do.
   */
  run<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Rejects the work in progress and all later work. */
  end(reason: KmsError): void
}

function createTimeLimits(): TimeLimits {
  const running = new Set<(reason: KmsError) => void>()
  let ended: KmsError | undefined
  return {
    async run(milliseconds, work) {
      if (ended !== undefined) throw ended
      const controller = new AbortController()
      const { promise: limit, reject } = Promise.withResolvers<never>()
      const end = (reason: KmsError): void => {
        reject(reason)
        controller.abort(reason)
      }
      const expire = (): void =>
        end(new KmsError('transient', `KMS has not responded for ${milliseconds / 1000} seconds`))
      const timer = setTimeout(expire, milliseconds)
      running.add(end)
      try {
        return await Promise.race([work(controller.signal), limit])
      } finally {
        clearTimeout(timer)
        running.delete(end)
      }
    },
    end(reason) {
      ended = reason
      for (const end of running) end(reason)
    },
  }
}

/** Loads the AWS SDK. Throws ConfigurationError if the SDK is not installed. */
export async function loadKmsSdk(): Promise<typeof Sdk> {
  try {
    return await import('@aws-sdk/client-kms')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new ConfigurationError(
      'keys in KMS need the package @aws-sdk/client-kms, which is not installed; install it with: npm install @aws-sdk/client-kms',
      { cause },
    )
  }
}

function createClient(
  sdk: typeof Sdk,
  { endpoint, region }: KmsConfig & { readonly region: string },
): KMSClient {
  return new sdk.KMSClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    // The AWS SDK does not retry requests, because withRetries repeats requests within a common deadline.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: connectMilliseconds,
      requestTimeout: answerMilliseconds,
      throwOnRequestTimeout: true,
    },
  })
}
