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
 * An access key of AWS or of a Signet account.
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

/** Receives the client's log messages, such as `console`. */
export interface ClientLogger {
  trace?(...content: unknown[]): void
  debug(...content: unknown[]): void
  info(...content: unknown[]): void
  warn(...content: unknown[]): void
  error(...content: unknown[]): void
}

/** Sends requests: a `NodeHttpHandler` of the AWS SDK for JavaScript v3, or `requestHandler` of an embedded CA. */
export interface RequestHandler {
  handle(request: never, options?: never): Promise<{ readonly response: unknown }>
  destroy?(): void
}

/** Options of the default HTTP handler. Times are in milliseconds, and 0 means no limit. */
export interface HttpOptions {
  /** Limit on the time to connect; 0 by default. */
  readonly connectionTimeout?: number
  /** Limit on the time from the request to its response; 0 by default. */
  readonly requestTimeout?: number
  /** Whether exceeding requestTimeout causes a TimeoutError; by default it is only logged. */
  readonly throwOnRequestTimeout?: boolean
  /** Limit on the time that a connection may be idle; 0 by default. */
  readonly socketTimeout?: number
  /** Agent for http URLs. */
  readonly httpAgent?: Agent
  /** Agent for https URLs, for example with the option `ca`. */
  readonly httpsAgent?: TlsAgent
}

/**
 * Options of createClient. These options are the same as for every client of the AWS SDK for JavaScript v3. The default of an
 * option comes from the environment and the shared configuration files, as in every AWS SDK.
 *
 * @example
 * const options: ClientOptions = { region: 'eu-central-1', endpoint: 'http://127.0.0.1:8080' }
 */
export interface ClientOptions {
  /** Region; default: AWS_REGION, AWS_DEFAULT_REGION, then the shared configuration file. There is no other default. */
  readonly region?: string | (() => Promise<string>)
  /** URL of the API; default: AWS_ENDPOINT_URL_ACM_PCA, AWS_ENDPOINT_URL, then AWS's endpoint of the Region. */
  readonly endpoint?: string | URL | (() => Promise<string>)
  /** Credentials; default: AWS_ACCESS_KEY_ID, the shared files, then the role of the container or instance. */
  readonly credentials?: AwsCredentials | (() => Promise<AwsCredentials>)
  /** Profile in the shared files; default: AWS_PROFILE, then `default`. */
  readonly profile?: string
  /** Maximum number of attempts for one call, including the first attempt; 3 by default. */
  readonly maxAttempts?: number | (() => Promise<number>)
  /** Retry mode; `standard` by default. */
  readonly retryMode?: string | (() => Promise<string>)
  /** A retry strategy of the AWS SDK, in place of maxAttempts and retryMode. */
  readonly retryStrategy?: object
  /** A request handler, or options for the default handler. */
  readonly requestHandler?: RequestHandler | HttpOptions
  /** Receiver of log messages; none by default. */
  readonly logger?: ClientLogger
  /** Whether to use AWS's FIPS endpoint; false by default. This option cannot be combined with `endpoint`. */
  readonly useFipsEndpoint?: boolean | (() => Promise<boolean>)
  /** Whether to use AWS's endpoint for IPv4 and IPv6; false by default. This option cannot be combined with `endpoint`. */
  readonly useDualstackEndpoint?: boolean | (() => Promise<boolean>)
  /** Whether to use TLS with AWS's endpoint; true by default. */
  readonly tls?: boolean
  /** Whether to ignore endpoints in the environment and the shared files; false by default. */
  readonly ignoreConfiguredEndpointUrls?: boolean
  /** Timeouts and retry mode of the AWS SDK: `legacy` by default. */
  readonly defaultsMode?: string | (() => Promise<string>)
  /** Milliseconds that are added to the clock when requests are signed; 0 by default, and corrected by the SDK. */
  readonly systemClockOffset?: number
  /** Whether the SDK must not correct systemClockOffset; false by default. */
  readonly disableClockSkewCorrection?: boolean
  /** Region in signatures, if it differs from `region`. */
  readonly signingRegion?: string
  /** A text, or pairs of name and version, that are added to the User-Agent header. */
  readonly customUserAgent?: string | [string, string?][]
  /** Application ID in the User-Agent header; default: AWS_SDK_UA_APP_ID. */
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
/** The rule for an access key. */
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

/** Throws TypeError for an unknown option and for a value of a wrong type. */
export function checkClientOptions(options: unknown): void {
  checkOptions('createClient', options, rules)
}
