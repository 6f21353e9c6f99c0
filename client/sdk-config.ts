/**
 * Configuration of a client. Configuration values come from the client's options, then from the environment, the shared files and
 * the defaults, as in every AWS SDK.
 */
import {
  createDefaultUserAgentProvider,
  NODE_APP_ID_CONFIG_OPTIONS,
  resolveHostHeaderConfig,
  resolveUserAgentConfig,
  type HostHeaderInputConfig,
  type UserAgentInputConfig,
} from '@aws-sdk/core/client'
import {
  AwsSdkSigV4Signer,
  resolveAwsSdkSigV4Config,
  type AwsSdkSigV4AuthInputConfig,
} from '@aws-sdk/core/httpAuthSchemes'
import { AwsJson1_1Protocol } from '@aws-sdk/core/protocols'
import type { DefaultProviderInit } from '@aws-sdk/credential-provider-node'
import { Sha256 } from '@smithy/core/checksum'
import { loadConfigsForDefaultMode, NoOpLogger, type DefaultsMode } from '@smithy/core/client'
import {
  loadConfig,
  NODE_REGION_CONFIG_FILE_OPTIONS,
  NODE_REGION_CONFIG_OPTIONS,
  NODE_USE_DUALSTACK_ENDPOINT_CONFIG_OPTIONS,
  NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS,
  resolveDefaultsModeConfig,
  resolveRegionConfig,
} from '@smithy/core/config'
import { resolveEndpointConfig, type EndpointInputConfig } from '@smithy/core/endpoints'
import { parseUrl, type HttpHandlerUserInput } from '@smithy/core/protocols'
import {
  DEFAULT_RETRY_MODE,
  NODE_MAX_ATTEMPT_CONFIG_OPTIONS,
  NODE_RETRY_MODE_CONFIG_OPTIONS,
  resolveRetryConfig,
  type RetryInputConfig,
} from '@smithy/core/retry'
import { calculateBodyLength, fromBase64, fromUtf8, toBase64, toUtf8 } from '@smithy/core/serde'
import { NodeHttpHandler, streamCollector } from '@smithy/node-http-handler'
import type {
  AwsCredentialIdentity,
  HttpAuthScheme,
  Logger,
  MemoizedProvider,
  Provider,
} from '@smithy/types'
import { checkClientOptions, type ClientOptions } from './client-options.ts'
import { missingRegionText, resolveEndpoint, type EndpointParameters } from './endpoint.ts'

/** The client options with the SDK's types. */
interface SdkOptions
  extends
    AwsSdkSigV4AuthInputConfig,
    UserAgentInputConfig,
    RetryInputConfig,
    HostHeaderInputConfig,
    Pick<EndpointInputConfig, 'endpoint' | 'tls' | 'ignoreConfiguredEndpointUrls'> {
  readonly region?: string | Provider<string>
  readonly profile?: string
  readonly useFipsEndpoint?: boolean | Provider<boolean>
  readonly useDualstackEndpoint?: boolean | Provider<boolean>
  readonly requestHandler?: HttpHandlerUserInput
  readonly logger?: Logger
  readonly retryMode?: string | Provider<string>
  readonly defaultsMode?: DefaultsMode | Provider<DefaultsMode>
}

const serviceId = 'ACM PCA'
const signingName = 'acm-pca'
const modelNamespace = 'com.amazonaws.acmpca'
/** Prefix of the operation name in the `x-amz-target` header. */
export const targetPrefix = 'ACMPrivateCA'

export type SdkConfig = ReturnType<typeof resolveConfig>

/**
 * Creates the configuration of one client. The shared files and the environment are read when a value is first needed.
 * Throws TypeError for an unknown option and for a value of the wrong type.
 */
export function resolveConfig(clientOptions: ClientOptions) {
  checkClientOptions(clientOptions)
  const { endpoint, ...others } = clientOptions
  const options = {
    ...others,
    ...(endpoint !== undefined && {
      endpoint: typeof endpoint === 'object' ? endpoint.href : endpoint,
    }),
  } as SdkOptions
  const unresolved = { ...defaultsOf(options), ...settingsOf(options) }
  return resolveAwsSdkSigV4Config(
    resolveEndpointConfig(
      resolveHostHeaderConfig(
        resolveRegionConfig(resolveRetryConfig(resolveUserAgentConfig(unresolved))),
      ),
    ),
  )
}

/** Returns the parts of the configuration that all clients share. */
function defaultsOf({ logger }: SdkOptions) {
  return {
    apiVersion: '2017-08-22',
    serviceId,
    defaultSigningName: signingName,
    protocol: new AwsJson1_1Protocol({
      defaultNamespace: modelNamespace,
      serviceTarget: targetPrefix,
    }),
    disableHostPrefix: false,
    runtime: 'node',
    logger: logger ?? new NoOpLogger(),
    sha256: Sha256,
    urlParser: parseUrl,
    base64Decoder: fromBase64,
    base64Encoder: toBase64,
    utf8Decoder: fromUtf8,
    utf8Encoder: toUtf8,
    bodyLengthChecker: calculateBodyLength,
    streamCollector,
    endpointProvider: (parameters: EndpointParameters) => resolveEndpoint(parameters),
    credentialDefaultProvider: findCredentials,
    defaultUserAgentProvider: createDefaultUserAgentProvider({
      serviceId,
      clientVersion: '2017-08-22',
    }),
    httpAuthSchemes: [signatureV4],
    httpAuthSchemeProvider: ({ region }: { readonly region?: string }) => [
      {
        schemeId: signatureV4.schemeId,
        signingProperties: { name: signingName, region },
        propertiesExtractor: (config: object, context: object) => ({
          signingProperties: { config, context },
        }),
      },
    ],
  }
}

/** Returns the options, with the SDK's default sources for absent options. */
function settingsOf(options: SdkOptions) {
  const defaultsMode = resolveDefaultsModeConfig(options)
  const modeDefaults = async () => loadConfigsForDefaultMode(await defaultsMode())
  const from = {
    ...(options.profile !== undefined && { profile: options.profile }),
    ...(options.logger && { logger: options.logger }),
  }
  return {
    ...options,
    ...(typeof options.credentials === 'object' && {
      // The credentials are copied, because the SDK adds a member to the object.
      credentials: { ...options.credentials },
    }),
    defaultsMode,
    region:
      options.region ??
      environmentRegion() ??
      loadConfig(regionSources, { ...NODE_REGION_CONFIG_FILE_OPTIONS, ...from }),
    requestHandler: NodeHttpHandler.create(options.requestHandler ?? modeDefaults),
    maxAttempts: options.maxAttempts ?? loadConfig(NODE_MAX_ATTEMPT_CONFIG_OPTIONS, from),
    retryMode:
      options.retryMode ??
      loadConfig(
        {
          ...NODE_RETRY_MODE_CONFIG_OPTIONS,
          default: async () => (await modeDefaults()).retryMode || DEFAULT_RETRY_MODE,
        },
        from,
      ),
    useDualstackEndpoint:
      options.useDualstackEndpoint ?? loadConfig(NODE_USE_DUALSTACK_ENDPOINT_CONFIG_OPTIONS, from),
    useFipsEndpoint:
      options.useFipsEndpoint ?? loadConfig(NODE_USE_FIPS_ENDPOINT_CONFIG_OPTIONS, from),
    userAgentAppId: options.userAgentAppId ?? loadConfig(NODE_APP_ID_CONFIG_OPTIONS, from),
  }
}

/** Returns the SDK's credential provider chain. The chain is loaded only when needed, because loading it slows startup. */
function findCredentials(init: DefaultProviderInit): MemoizedProvider<AwsCredentialIdentity> {
  let provider: Promise<MemoizedProvider<AwsCredentialIdentity>> | undefined
  return async (options) => {
    provider ??= import('@aws-sdk/credential-provider-node').then(({ defaultProvider }) =>
      defaultProvider(init),
    )
    return (await provider)(options)
  }
}

/** Reads the Region from the SDK's sources. If no Region is configured, the error explains how to set it. */
const regionSources: typeof NODE_REGION_CONFIG_OPTIONS = {
  ...NODE_REGION_CONFIG_OPTIONS,
  default() {
    throw new Error(missingRegionText)
  },
}

/** Returns AWS_REGION or AWS_DEFAULT_REGION. boto3 and the AWS CLI read both, but the SDK reads only AWS_REGION. */
function environmentRegion(): string | undefined {
  const { AWS_REGION: first, AWS_DEFAULT_REGION: second } = process.env
  return first || second || undefined
}

const signatureV4: HttpAuthScheme = {
  schemeId: 'aws.auth#sigv4',
  identityProvider: (configured) => configured.getIdentityProvider('aws.auth#sigv4'),
  signer: new AwsSdkSigV4Signer(),
}
