/**
 * A client for the AWS Private CA API, assembled from the same SDK parts as AWS's generated clients. The SDK handles credentials,
 * Regions, endpoints, retries and signatures; docs/decisions/0020 explains why `@aws-sdk/client-acm-pca` is not used.
 */
import {
  getHostHeaderPlugin,
  getLoggerPlugin,
  getRecursionDetectionPlugin,
  getUserAgentPlugin,
} from '@aws-sdk/core/client'
import {
  DefaultIdentityProviderConfig,
  getHttpAuthSchemeEndpointRuleSetPlugin,
  getHttpSigningPlugin,
} from '@smithy/core'
import { Client, getSmithyContext, makeBuilder } from '@smithy/core/client'
import { getEndpointFromInstructions, getEndpointPlugin } from '@smithy/core/endpoints'
import { getContentLengthPlugin } from '@smithy/core/protocols'
import { getRetryPlugin } from '@smithy/core/retry'
import { getSchemaSerdePlugin } from '@smithy/core/schema'
import type {
  DocumentSchema,
  HttpHandlerOptions,
  MetadataBearer,
  StaticOperationSchema,
} from '@smithy/types'
import type { ClientOptions } from './client-options.ts'
import { resolveConfig, targetPrefix, type SdkConfig } from './sdk-config.ts'

export interface SdkClient {
  readonly config: SdkConfig
  /** Calls an operation with a JSON input, and resolves to its JSON output. Rejects with the SDK's ServiceException. */
  send(operation: string, input: object, options?: HttpHandlerOptions): Promise<object>
  /** URL to which requests are sent. */
  endpoint(): Promise<URL>
  destroy(): void
}

const endpointParameters = {
  UseFIPS: { type: 'builtInParams', name: 'useFipsEndpoint' },
  Endpoint: { type: 'builtInParams', name: 'endpoint' },
  Region: { type: 'builtInParams', name: 'region' },
  UseDualStack: { type: 'builtInParams', name: 'useDualstackEndpoint' },
} as const

const buildCommand = makeBuilder<SdkConfig, object, MetadataBearer>(
  endpointParameters,
  targetPrefix,
  'ACMPCAClient',
  getEndpointPlugin,
)

/** A schema that matches any JSON value, so that new members in AWS's API require no change to the client. */
const document: DocumentSchema = 15

/** Creates the SDK command for an operation, given by its API name. */
function commandOf(operation: string) {
  const schema: StaticOperationSchema = [9, '', operation, 0, document, document]
  return buildCommand({}, () => [], operation, schema)
}

const commandCache = new Map<string, ReturnType<typeof commandOf>>()

/** The client opens no connection before the first call. */
export function createSdkClient(options: ClientOptions): SdkClient {
  const config = resolveConfig(options)
  const client = new Client<HttpHandlerOptions, object, MetadataBearer, SdkConfig>(config)
  usePlugins(client)
  return {
    config,
    async send(operation, input, handlerOptions) {
      let command = commandCache.get(operation)
      if (command === undefined) commandCache.set(operation, (command = commandOf(operation)))
      return client.send(new command(input), handlerOptions)
    },
    async endpoint() {
      const instructions = { getEndpointParameterInstructions: () => endpointParameters }
      return (await getEndpointFromInstructions({}, instructions, config)).url
    },
    destroy: () => client.destroy(),
  }
}

/** Adds the middleware of SDK clients, in the SDK's order. */
function usePlugins({
  config,
  middlewareStack: stack,
}: Client<HttpHandlerOptions, object, MetadataBearer, SdkConfig>): void {
  stack.use(getSchemaSerdePlugin(config))
  stack.use(getUserAgentPlugin(config))
  stack.use(getRetryPlugin(config))
  stack.use(getContentLengthPlugin(config))
  stack.use(getHostHeaderPlugin(config))
  stack.use(getLoggerPlugin(config))
  stack.use(getRecursionDetectionPlugin(config))
  stack.use(
    getHttpAuthSchemeEndpointRuleSetPlugin(config, {
      httpAuthSchemeParametersProvider: async ({ region }: SdkConfig, context) => ({
        operation: String(getSmithyContext(context)['operation']),
        region: await region(),
      }),
      identityProviderConfigProvider: async ({ credentials }: SdkConfig) =>
        new DefaultIdentityProviderConfig({ 'aws.auth#sigv4': credentials }),
    }),
  )
  stack.use(getHttpSigningPlugin(config))
}
