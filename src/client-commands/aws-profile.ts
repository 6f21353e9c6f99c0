/**
 * Reads connection settings from profiles in the AWS shared config and credentials files. The credentials are read by the SDK
 * itself.
 */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '../errors.ts'
import {
  parseIni,
  serverAddressOf,
  type IniSections,
  type ServerAddress,
} from '../text/credentials-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Returns a profile's Region, endpoint and CA bundle. If no profile is given, AWS_PROFILE or `default` is used. The profile
 * `default` may be missing. Throws ConfigurationError if the given profile is in neither file.
 */
export function readProfile(name: string | undefined, environment: Environment): ServerAddress {
  const { AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE, AWS_PROFILE, HOME } = environment
  const folder = join(HOME ?? homedir(), '.aws')
  return profileAddress(name, {
    fallback: AWS_PROFILE === undefined || AWS_PROFILE === '' ? 'default' : AWS_PROFILE,
    config: readSections(AWS_CONFIG_FILE ?? join(folder, 'config')),
    credentials: readSections(AWS_SHARED_CREDENTIALS_FILE ?? join(folder, 'credentials')),
  })
}

/**
 * The config file takes precedence over the credentials file, as in the AWS CLI. Service-specific settings take precedence over
 * settings for all services.
 */
export function profileAddress(
  name: string | undefined,
  {
    fallback,
    config,
    credentials,
  }: {
    readonly fallback: string
    readonly config: IniSections
    readonly credentials: IniSections
  },
): ServerAddress {
  const profile = name ?? fallback
  const settings = config.get(profile === 'default' ? profile : `profile ${profile}`)
  const keys = credentials.get(profile)
  if (settings === undefined && keys === undefined && name !== undefined)
    throw new ConfigurationError(
      `--profile: the AWS config and credentials files have no profile '${name}'`,
    )
  const services = config.get(`services ${settings?.get('services')}`)
  const endpoint = services?.get('acm_pca.endpoint_url')
  return {
    ...(keys && serverAddressOf(keys)),
    ...(settings && serverAddressOf(settings)),
    ...(endpoint !== undefined && endpoint !== '' && { endpoint }),
  }
}

function readSections(path: string): IniSections {
  try {
    return parseIni(readFileSync(path, 'utf8'))
  } catch {
    // As in every AWS client, an unreadable file is treated as a file without profiles.
    return new Map()
  }
}
