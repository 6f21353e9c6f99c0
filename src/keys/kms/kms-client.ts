/** Connections to AWS KMS, or to a service with its API. */
import type * as Sdk from '@aws-sdk/client-kms'
import type { KMSClient } from '@aws-sdk/client-kms'
import { ConfigurationError } from '../../errors.ts'
import type { Random } from '../../random.ts'
import { KmsError, toKmsError, type KmsProblem } from './kms-error.ts'
import { withRetries } from './retry.ts'

/** Location of the service. */
export interface KmsConfig {
  /** Undefined for KMS of AWS. */
  readonly endpoint: string | undefined
  /** Region of new keys; undefined if no keys are created. The ARN of an existing key contains its Region. */
  readonly region: string | undefined
}

export interface KmsOptions extends KmsConfig {
  readonly random: Random
  /** Time for all attempts of one request. Default: 10 seconds. */
  readonly deadlineMilliseconds?: number | undefined
}

/** The parameter of `send` after the command. */
interface SendOptions {
  readonly abortSignal: AbortSignal
}

export type KmsRequest<T> = (client: KMSClient, sdk: typeof Sdk, options: SendOptions) => Promise<T>

/** Further problems after which a request is repeated. */
interface SendPolicy {
  readonly retry?: readonly KmsProblem[]
}

export interface Kms {
  /** Region of new keys; undefined if no keys are created. */
  readonly region: string | undefined
  /**
   * Sends a request to a Region, and repeats it if KMS throttles it or does not respond. Throws KmsError, or ConfigurationError if
   * the SDK is not installed.
   */
  send<T>(region: string, request: KmsRequest<T>, options?: SendPolicy): Promise<T>
  /** Closes all connections. */
  close(): void
}

/** Timeouts of each attempt: for connecting, and from the start to the end of the response. */
const connectMilliseconds = 2000
const answerMilliseconds = 4000
const deadlineDefault = 10_000

/**
 * Creates the connections of a process. The SDK is loaded with the first request, and finds its credentials in the usual places:
 * environment, shared files, web identity, role of the machine.
 */
export function createKms(options: KmsOptions): Kms {
  const { random, deadlineMilliseconds = deadlineDefault } = options
  const clients = new Map<string, KMSClient>()
  let loading: Promise<typeof Sdk> | undefined
  const clientOf = (sdk: typeof Sdk, region: string): KMSClient => {
    const client = clients.get(region) ?? createClient(sdk, { ...options, region })
    clients.set(region, client)
    return client
  }
  return {
    region: options.region,
    async send(region, request, { retry = [] } = {}) {
      const sdk = await (loading ??= loadKmsSdk())
      const client = clientOf(sdk, region)
      const attempt = async (abortSignal: AbortSignal) => {
        try {
          return await request(client, sdk, { abortSignal })
        } catch (error) {
          throw toKmsError(error)
        }
      }
      const repeated: readonly KmsProblem[] = ['transient', ...retry]
      const isTransient = (error: unknown): boolean =>
        error instanceof KmsError && repeated.includes(error.problem)
      return withRetries(attempt, { random, isTransient, deadlineMilliseconds })
    },
    close() {
      for (const client of clients.values()) client.destroy()
    },
  }
}

/** Loads the SDK. Throws ConfigurationError if it is not installed. */
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
    // withRetries repeats requests within one deadline.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: connectMilliseconds,
      requestTimeout: answerMilliseconds,
      throwOnRequestTimeout: true,
    },
  })
}
