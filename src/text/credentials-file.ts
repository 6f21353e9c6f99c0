/** The AWS shared credentials and config files: INI files with a section for each profile. */

/** An access key in the form that AWS SDKs expect. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Sections by name; lines above the first section belong to `undefined`. */
export type IniSections = ReadonlyMap<string | undefined, ReadonlyMap<string, string>>

const sectionForm = /^\[([^\]]*)\]$/
const propertyForm = /^(\w+)\s*=\s*(.*)$/

/**
 * Parses sections and properties, and skips all other lines. A comment starts with # or ; at the start of a line or after a
 * space. Indented properties below a property without a value belong to that property: `acm_pca.endpoint_url`.
 */
export function parseIni(text: string): IniSections {
  const sections = new Map<string | undefined, Map<string, string>>()
  let section: string | undefined
  let parent: string | undefined
  for (const line of text.split(/\r?\n/)) {
    const content = line.replace(/(?:^|\s)[#;].*$/, '').trim()
    const [, name] = sectionForm.exec(content) ?? []
    if (name !== undefined) {
      section = name.trim()
      parent = undefined
    }
    const properties = sections.get(section) ?? new Map<string, string>()
    sections.set(section, properties)
    const [, key, value] = propertyForm.exec(content) ?? []
    if (key === undefined || value === undefined) continue
    const isNested = parent !== undefined && /^\s/.test(line)
    if (!isNested) parent = value === '' ? key : undefined
    properties.set(isNested ? `${parent}.${key}` : key, value)
  }
  return sections
}

/**
 * Returns the access key in the section [default], or in a file without sections; undefined if the file has no complete
 * access key.
 */
export function parseCredentials(text: string): Credentials | undefined {
  const properties = defaultSection(text)
  const accessKeyId = properties.get('aws_access_key_id')
  const secretAccessKey = properties.get('aws_secret_access_key')
  const isComplete = [accessKeyId, secretAccessKey].every((value) => /^\S+$/.test(value ?? ''))
  if (accessKeyId === undefined || secretAccessKey === undefined || !isComplete) return undefined
  return { accessKeyId, secretAccessKey }
}

/** Region in the credentials file that a server writes, and the default Region of commands. */
export const defaultRegion = 'eu-central-1'

/** The server's address for clients. The server writes the address to the file together with the access key. */
export interface ServerAddress {
  readonly endpoint?: string
  readonly region?: string
  /** PEM file with CA certificates to trust. */
  readonly caFile?: string
  /** URL of the metrics; undefined if the endpoint serves them. */
  readonly metricsUrl?: string
  /** URL of the enrollment listener; undefined if it is turned off. */
  readonly enrollUrl?: string
}

/** Returns the server's address in the section [default], or in a file without sections. */
export function parseServerAddress(text: string): ServerAddress {
  return serverAddressOf(defaultSection(text))
}

/**
 * Returns the server's address from the properties `endpoint_url`, `region`, `ca_bundle`, `signet_metrics_url` and
 * `signet_enroll_url` of a section.
 */
export function serverAddressOf(properties: ReadonlyMap<string, string>): ServerAddress {
  const endpoint = properties.get('endpoint_url')
  const region = properties.get('region')
  const caFile = properties.get('ca_bundle')
  const metricsUrl = properties.get('signet_metrics_url')
  const enrollUrl = properties.get('signet_enroll_url')
  return {
    ...(endpoint !== undefined && endpoint !== '' && { endpoint }),
    ...(region !== undefined && region !== '' && { region }),
    ...(caFile !== undefined && caFile !== '' && { caFile }),
    ...(metricsUrl !== undefined && metricsUrl !== '' && { metricsUrl }),
    ...(enrollUrl !== undefined && enrollUrl !== '' && { enrollUrl }),
  }
}

function defaultSection(text: string): ReadonlyMap<string, string> {
  const sections = parseIni(text)
  const hasSections = [...sections.keys()].some((name) => name !== undefined)
  return sections.get(hasSections ? 'default' : undefined) ?? new Map<string, string>()
}
