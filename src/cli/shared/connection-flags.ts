/** Flags of the commands that call the API: the server, and the credentials for it. */
import { Option, type Command } from 'commander'
import type { ConnectionOptions } from '../../client-commands/connection.ts'
import { keyAlgorithms } from '../../client-commands/issuance-options.ts'
import { ConfigurationError } from '../../errors.ts'
import type { ProcessIo } from './context.ts'

export interface ConnectionFlags {
  readonly endpoint?: string
  readonly region?: string
  readonly data?: string
  readonly awsCredentials?: boolean
  readonly caFile?: string
}

/** The defaults of `signet serve`. */
const defaultEndpoint = 'http://127.0.0.1:8080'
const defaultRegion = 'eu-central-1'
const defaultData = './data'

/** Adds `--endpoint`, `--region`, `--data`, `--aws-credentials` and `--ca-file`. */
export function withConnectionFlags<C extends Command>(command: C): C {
  return command
    .option(
      '--endpoint <url>',
      `the API of the server (default: ${defaultEndpoint}) [SIGNET_ENDPOINT, AWS_ENDPOINT_URL_ACM_PCA]`,
    )
    .option('--region <name>', `Region of the CAs (default: ${defaultRegion}) [AWS_REGION]`)
    .option(
      '--data <dir>',
      `data folder of the server, whose credentials are used if they are there (default: ${defaultData}) [SIGNET_DATA]`,
    )
    .option(
      '--aws-credentials',
      'use the credentials that every AWS client finds, whatever --data has',
    )
    .option('--ca-file <file>', 'PEM of CAs to trust when the endpoint is https [AWS_CA_BUNDLE]')
}

/** Flags, then the environment, then defaults. `stored`, the server of the last request, comes before the defaults. */
export function connectionOf(
  flags: ConnectionFlags,
  environment: ProcessIo['environment'],
  stored: { readonly endpoint?: string; readonly region?: string } = {},
): ConnectionOptions {
  const { SIGNET_ENDPOINT, AWS_ENDPOINT_URL_ACM_PCA, AWS_REGION, AWS_DEFAULT_REGION } = environment
  const dataDirectory = flags.data ?? nonEmpty(environment['SIGNET_DATA'])
  if (flags.awsCredentials === true && flags.data !== undefined)
    throw new ConfigurationError('--aws-credentials does not go with --data')
  return {
    endpoint:
      flags.endpoint ??
      nonEmpty(SIGNET_ENDPOINT) ??
      nonEmpty(AWS_ENDPOINT_URL_ACM_PCA) ??
      stored.endpoint ??
      defaultEndpoint,
    region:
      flags.region ??
      stored.region ??
      nonEmpty(AWS_REGION) ??
      nonEmpty(AWS_DEFAULT_REGION) ??
      defaultRegion,
    dataDirectory: flags.awsCredentials === true ? undefined : (dataDirectory ?? defaultData),
    isDataNamed: dataDirectory !== undefined,
    caFile: flags.caFile ?? nonEmpty(environment['AWS_CA_BUNDLE']),
  }
}

/** An empty variable counts as unset. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

export function keyAlgorithmOption(description: string): Option {
  return new Option('--key-algorithm <name>', description)
    .choices(keyAlgorithms)
    .default('EC_prime256v1')
}
