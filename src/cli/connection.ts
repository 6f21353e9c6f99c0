/** Flags that say which server a daily command talks to, and as whom. */
import { Option, type Command } from 'commander'
import type { ConnectionOptions } from '../client-commands/connection.ts'
import { keyAlgorithms } from '../client-commands/key-algorithms.ts'
import { ConfigurationError } from '../errors.ts'

export interface ConnectionFlags {
  readonly endpoint?: string
  readonly region?: string
  readonly data?: string
  readonly awsCredentials?: boolean
  readonly caFile?: string
}

/** What `signet serve` listens on, and the Region that it prints, unless it is told otherwise. */
const defaultEndpoint = 'http://127.0.0.1:8080'
const defaultRegion = 'eu-central-1'
const defaultData = './data'

/** Adds `--endpoint`, `--region`, `--data`, `--aws-credentials` and `--ca-file`. */
export function withConnectionFlags(command: Command): Command {
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
    .exitOverride()
}

type Environment = Readonly<Record<string, string | undefined>>

/** Flags, then the environment, then defaults. `remembered` comes before the defaults. */
export function connectionOf(
  flags: ConnectionFlags,
  environment: Environment,
  remembered: { readonly endpoint?: string; readonly region?: string } = {},
): ConnectionOptions {
  const { SIGNET_ENDPOINT, AWS_ENDPOINT_URL_ACM_PCA, AWS_REGION, AWS_DEFAULT_REGION } = environment
  const named = flags.data ?? orNothing(environment['SIGNET_DATA'])
  if (flags.awsCredentials === true && flags.data !== undefined)
    throw new ConfigurationError('--aws-credentials does not go with --data')
  return {
    endpoint:
      flags.endpoint ??
      orNothing(SIGNET_ENDPOINT) ??
      orNothing(AWS_ENDPOINT_URL_ACM_PCA) ??
      remembered.endpoint ??
      defaultEndpoint,
    region:
      flags.region ??
      remembered.region ??
      orNothing(AWS_REGION) ??
      orNothing(AWS_DEFAULT_REGION) ??
      defaultRegion,
    dataDirectory: flags.awsCredentials === true ? undefined : (named ?? defaultData),
    isDataNamed: named !== undefined,
    caFile: flags.caFile ?? orNothing(environment['AWS_CA_BUNDLE']),
  }
}

/** A variable that is empty is as good as none. */
function orNothing(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

/** Adds `--output`, which is a table for people unless JSON is asked for. */
export function withTableOutput(command: Command): Command {
  return command.addOption(
    new Option('--output <form>', 'how the answer is printed')
      .choices(['table', 'json'])
      .default('table'),
  )
}

/** `--key-algorithm`. */
export function keyAlgorithmOption(what: string): Option {
  return new Option('--key-algorithm <name>', what).choices(keyAlgorithms).default('EC_prime256v1')
}
