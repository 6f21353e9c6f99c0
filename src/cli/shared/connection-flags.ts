/** Flags that specify the server and the credentials, for commands that call the API. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { readProfile } from '../../client-commands/aws-profile.ts'
import type { ConnectionOptions } from '../../client-commands/connection.ts'
import { keyAlgorithms } from '../../client-commands/issuance-options.ts'
import { ConfigurationError } from '../../errors.ts'
import {
  defaultRegion,
  parseServerAddress,
  type ServerAddress,
} from '../../text/credentials-file.ts'
import type { ProcessIo } from './context.ts'
import { systemErrorText } from '../../text/system-error.ts'

export interface ConnectionFlags {
  readonly endpoint?: string
  readonly region?: string
  readonly data?: string
  readonly profile?: string
  readonly awsCredentials?: boolean
  readonly caFile?: string
}

/** The default values are those of `signet serve`. */
const defaultEndpoint = 'http://127.0.0.1:8080'
const defaultData = './data'

/** Adds the flags `--endpoint`, `--region`, `--data`, `--profile`, `--aws-credentials` and `--ca-file`. */
export function withConnectionFlags<C extends Command>(command: C): C {
  withServerFlags(command).option(
    '--data <dir>',
    `data folder of a local server, with the server's credentials and endpoint (default: ${defaultData}, if it has credentials) [SIGNET_DATA]`,
  )
  return withCredentialsFlags(command)
}

/** Adds the flags of `withConnectionFlags` except `--data`. */
export function withApiFlags<C extends Command>(command: C): C {
  return withCredentialsFlags(withServerFlags(command))
}

function withServerFlags<C extends Command>(command: C): C {
  return command
    .option(
      '--endpoint <url>',
      `URL of the API (default: ${defaultEndpoint}) [SIGNET_ENDPOINT, AWS_ENDPOINT_URL_ACM_PCA]`,
    )
    .option('--region <name>', `Region of the CAs (default: ${defaultRegion}) [AWS_REGION]`)
}

function withCredentialsFlags<C extends Command>(command: C): C {
  return command
    .option('--profile <name>', 'profile of the AWS config and credentials files [AWS_PROFILE]')
    .option(
      '--aws-credentials',
      `use the default AWS credential chain, even if ${defaultData} has credentials`,
    )
    .option('--ca-file <file>', 'PEM file with CAs to trust for an https endpoint [AWS_CA_BUNDLE]')
}

/** The server that an earlier request used, as recorded in metadata.json. */
interface StoredServer {
  readonly endpoint?: string
  readonly region?: string
}

/**
 * Returns the connection settings. The sources for each value, in order of precedence, are: flag, environment variable,
 * server of an earlier request, data folder or AWS profile, default. A data folder given by a flag takes precedence over
 * the server of an earlier request. Throws ConfigurationError for contradictory flags.
 */
export function connectionOf(
  flags: ConnectionFlags,
  environment: ProcessIo['environment'],
  stored: StoredServer = {},
): ConnectionOptions {
  requireOneSource(flags)
  const variable = (name: string): string | undefined => nonEmpty(environment[name])
  const dataFlag = flags.data ?? variable('SIGNET_DATA')
  const usesAwsFiles = flags.awsCredentials === true || flags.profile !== undefined
  const dataDirectory = usesAwsFiles ? undefined : (dataFlag ?? defaultData)
  const address = recordedAddress(dataDirectory) ?? readProfile(flags.profile, environment)
  const endpoint =
    flags.endpoint ??
    variable('SIGNET_ENDPOINT') ??
    variable('AWS_ENDPOINT_URL_ACM_PCA') ??
    variable('AWS_ENDPOINT_URL') ??
    (flags.data === undefined ? undefined : address.endpoint) ??
    stored.endpoint ??
    address.endpoint ??
    defaultEndpoint
  requireUrl(endpoint)
  return {
    endpoint,
    ...(endpoint === address.endpoint && {
      metricsUrl: address.metricsUrl,
      enrollUrl: address.enrollUrl,
    }),
    region:
      flags.region ??
      stored.region ??
      variable('AWS_REGION') ??
      variable('AWS_DEFAULT_REGION') ??
      address.region ??
      defaultRegion,
    dataDirectory,
    isDataNamed: dataFlag !== undefined,
    profile: flags.profile,
    caFile: flags.caFile ?? variable('AWS_CA_BUNDLE') ?? address.caFile,
  }
}

function requireUrl(endpoint: string): void {
  if (URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol)) return
  const example = endpoint.includes('://') ? defaultEndpoint : `http://${endpoint}`
  throw new ConfigurationError(
    `--endpoint must be an http or https URL such as ${example}, not '${endpoint}'`,
  )
}

function requireOneSource({ data, profile, awsCredentials }: ConnectionFlags): void {
  const sources = [
    ...(data === undefined ? [] : ['--data']),
    ...(profile === undefined ? [] : ['--profile']),
    ...(awsCredentials === true ? ['--aws-credentials'] : []),
  ]
  if (sources.length > 1)
    throw new ConfigurationError(
      `${sources.join(' cannot be combined with ')}, because each of these flags selects the credentials`,
    )
}

/** Returns the address that a server has written to its data folder; undefined if the data folder has no credentials. */
export function recordedAddress(dataDirectory: string | undefined): ServerAddress | undefined {
  if (dataDirectory === undefined) return undefined
  const file = join(dataDirectory, 'credentials')
  if (!existsSync(file)) return undefined
  const { caFile, ...address } = parseServerAddress(readCredentialsFile(file))
  return { ...address, ...(caFile !== undefined && { caFile: resolve(dataDirectory, caFile) }) }
}

function readCredentialsFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`cannot read ${file}: ${systemErrorText(error)}`, { cause: error })
  }
}

/** Returns the CA from `--ca`, or from the environment variable SIGNET_CA. */
export function authorityFlag(
  flag: string | undefined,
  { environment }: Pick<ProcessIo, 'environment'>,
): string | undefined {
  return flag ?? nonEmpty(environment['SIGNET_CA'])
}

/** Returns the value of an environment variable; an empty variable is treated as unset. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

export function keyAlgorithmOption(description: string): Option {
  return new Option('--key-algorithm <name>', description)
    .choices(keyAlgorithms)
    .default('EC_prime256v1')
}
