/** The options of createClient. */
import type { Agent } from 'node:http'
import type { Agent as TlsAgent } from 'node:https'
import {
  checkOptions,
  flagRule,
  numberRule,
  objectRule,
  oneOf,
  orProvider,
  textRule,
  type OptionRule,
  type OptionRules,
} from './check-options.ts'

/**
 * An access key for AWS or for a Signet account.
 *
 * @example
 * const credentials: AwsCredentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret' }
 */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** The session token of temporary credentials. */
  readonly sessionToken?: string
  /** The time at which temporary credentials expire. */
  readonly expiration?: Date
}

/** Receives the client's log messages. `console` is a valid logger. */
export interface ClientLogger {
  trace?(...content: unknown[]): void
  debug(...content: unknown[]): void
  info(...content: unknown[]): void
  warn(...content: unknown[]): void
  error(...content: unknown[]): void
}

/** Sends requests: a `NodeHttpHandler` from the AWS SDK for JavaScript v3, or an embedded CA's `requestHandler`. */
export interface RequestHandler {
  handle(request: never, options?: never): Promise<{ readonly response: unknown }>
  destroy?(): void
}

/** Options for the default HTTP handler. All times are in milliseconds, and 0 means no limit. */
export interface HttpOptions {
  /** Connection timeout; 0 by default. */
  readonly connectionTimeout?: number
  /** Maximum time between a request and its response; 0 by default. */
  readonly requestTimeout?: number
  /** Whether exceeding requestTimeout causes a TimeoutError; by default, only a warning is logged. */
  readonly throwOnRequestTimeout?: boolean
  /** Idle timeout for a connection; 0 by default. */
  readonly socketTimeout?: number
  /** Agent for http URLs. */
  readonly httpAgent?: Agent
  /** Agent for https URLs, for example with the option `ca`. */
  readonly httpsAgent?: TlsAgent
}

/**
 * Options for createClient. The options match those of every client in the AWS SDK for JavaScript v3. Options that are
 * omitted come from the environment and the shared configuration files, as in every AWS SDK.
 *
 * @example
 * const options: ClientOptions = { region: 'eu-central-1', endpoint: 'http://127.0.0.1:8080' }
 */
export interface ClientOptions {
  /**
   * Region of the API; by default from AWS_REGION, AWS_DEFAULT_REGION or the shared configuration file, in this order. A call
   * fails if no Region is configured.
   */
  readonly region?: string | (() => Promise<string>)
  /** URL of the API; by default from AWS_ENDPOINT_URL_ACM_PCA or AWS_ENDPOINT_URL, otherwise AWS's endpoint for the Region. */
  readonly endpoint?: string | URL | (() => Promise<string>)
  /** Credentials; by default from AWS_ACCESS_KEY_ID, the shared files, or the container's or instance's role, in this order. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>)
  /** Profile in the shared files; by default from AWS_PROFILE, otherwise `default`. */
  readonly profile?: string
  /** Maximum number of attempts for one call, including the first attempt; 3 by default. */
  readonly maxAttempts?: number | (() => Promise<number>)
  /** Retry mode; `standard` by default. */
  readonly retryMode?: string | (() => Promise<string>)
  /** An AWS SDK retry strategy, which overrides maxAttempts and retryMode. */
  readonly retryStrategy?: object
  /** A request handler, or options for the default handler. */
  readonly requestHandler?: RequestHandler | HttpOptions
  /** Logger for the client's messages; by default nothing is logged. */
  readonly logger?: ClientLogger
  /** Whether to use AWS's FIPS endpoint; false by default. `useFipsEndpoint` cannot be combined with `endpoint`. */
  readonly useFipsEndpoint?: boolean | (() => Promise<boolean>)
  /**
   * Whether to use AWS's dual-stack endpoint (IPv4 and IPv6); false by default. `useDualstackEndpoint` cannot be combined with
   * `endpoint`.
   */
  readonly useDualstackEndpoint?: boolean | (() => Promise<boolean>)
  /** Whether to use TLS with AWS's endpoint; true by default. */
  readonly tls?: boolean
  /** Whether to ignore endpoints in the environment and the shared files; false by default. */
  readonly ignoreConfiguredEndpointUrls?: boolean
  /** The AWS SDK's defaults mode, which sets timeouts and the retry mode; `legacy` by default. */
  readonly defaultsMode?: string | (() => Promise<string>)
  /**
   * Milliseconds to add to the clock when signing requests. The default is 0. The SDK corrects the offset after a clock skew
   * error.
   */
  readonly systemClockOffset?: number
  /** Whether to prevent the SDK from correcting systemClockOffset; false by default. */
  readonly disableClockSkewCorrection?: boolean
  /** Region used in signatures, if it differs from `region`. */
  readonly signingRegion?: string
  /** A string, or name and version pairs, to add to the User-Agent header. */
  readonly customUserAgent?: string | [string, string?][]
  /** Application ID to add to the User-Agent header; by default from AWS_SDK_UA_APP_ID. */
  readonly userAgentAppId?: string
}

const endpoint: OptionRule = {
  isPublic: true,
  expected: "an http or https URL, such as 'http://127.0.0.1:8080'",
  accepts: (value) => {
    const isUrl =
      typeof value === 'string' || (objectRule.accepts(value) && 'href' in (value as URL))
    return isUrl && URL.canParse(String(value)) && /^https?:$/.test(new URL(String(value)).protocol)
  },
}
/** The rule for an access key option. */
export const credentials: OptionRule = {
  expected: 'an object with the strings accessKeyId and secretAccessKey',
  accepts: (value) => {
    if (!objectRule.accepts(value)) return false
    const { accessKeyId, secretAccessKey } = value as Partial<AwsCredentials>
    return textRule.accepts(accessKeyId) && textRule.accepts(secretAccessKey)
  },
}
const userAgent: OptionRule = {
  expected: 'a string, or an array of [name, version] pairs',
  accepts: (value) => typeof value === 'string' || Array.isArray(value),
}

const rules: OptionRules<ClientOptions> = {
  region: orProvider(textRule),
  endpoint: orProvider(endpoint),
  credentials: orProvider(credentials),
  profile: textRule,
  maxAttempts: orProvider(numberRule),
  retryMode: orProvider(oneOf('standard', 'adaptive')),
  retryStrategy: objectRule,
  requestHandler: objectRule,
  logger: objectRule,
  useFipsEndpoint: orProvider(flagRule),
  useDualstackEndpoint: orProvider(flagRule),
  tls: flagRule,
  ignoreConfiguredEndpointUrls: flagRule,
  defaultsMode: orProvider(
    oneOf('standard', 'in-region', 'cross-region', 'mobile', 'auto', 'legacy'),
  ),
  systemClockOffset: numberRule,
  disableClockSkewCorrection: flagRule,
  signingRegion: textRule,
  customUserAgent: userAgent,
  userAgentAppId: textRule,
}

/** Throws TypeError for an unknown option and for a value of the wrong type. */
export function checkClientOptions(options: unknown): void {
  checkOptions('createClient', options, rules)
}
