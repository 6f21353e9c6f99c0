/** Reads credentials in the format of the AWS shared credentials file. */
import { parseIni } from '../../src/text/credentials-file.ts'
import type { Credentials } from './sigv4.ts'

export interface Profile {
  readonly name: string
  readonly credentials: Credentials
  readonly region: string | undefined
  /** The profile's endpoint URL; undefined if the profile has none. */
  readonly endpointUrl: string | undefined
}

/** Returns the profiles that have a complete access key, in the order of the text. */
export function parseProfiles(text: string): Profile[] {
  const profiles: Profile[] = []
  for (const [section, properties] of parseIni(text)) {
    const accessKeyId = properties.get('aws_access_key_id')
    const secretAccessKey = properties.get('aws_secret_access_key')
    if (!accessKeyId || !secretAccessKey) continue
    profiles.push({
      name: (section ?? 'default').replace(/^profile\s+/, ''),
      credentials: {
        accessKeyId,
        secretAccessKey,
        sessionToken: properties.get('aws_session_token') || undefined,
      },
      region: properties.get('region') || undefined,
      endpointUrl: properties.get('acm_pca.endpoint_url') ?? properties.get('endpoint_url'),
    })
  }
  return profiles
}

/** Returns why a profile belongs to another server, or undefined if it can be used with this server. */
export function endpointProblem({ endpointUrl }: Profile, here: URL): string | undefined {
  if (endpointUrl === undefined) return undefined
  if (!URL.canParse(endpointUrl)) return `endpoint_url is not a URL: ${endpointUrl}`
  const { origin } = new URL(endpointUrl)
  // A server often has several host names. A loopback address always refers to this machine.
  const isLocal = (host: string): boolean => /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)
  if (origin === here.origin) return undefined
  const other = new URL(endpointUrl)
  if (isLocal(other.hostname) && isLocal(here.hostname) && other.port === here.port)
    return undefined
  return `The profile is for ${origin}, but this console sends requests only to ${here.origin}.`
}
