/** An access key, in the form of AWS SDKs. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

const sectionForm = /^\[([^\]]*)\]$/
const propertyForm = /^(\w+)\s*=\s*(\S+)$/

/**
 * The access key in the section [default] of a shared credentials file, or in a file without sections; undefined if there is
 * none. A comment is a line that starts with # or ;, or the rest of a line from a space and one of them.
 */
export function parseCredentials(text: string): Credentials | undefined {
  const sections = new Map<string | undefined, Map<string, string>>()
  let section: string | undefined
  for (const line of text.split(/\r?\n/)) {
    const content = line.replace(/(?:^|\s)[#;].*$/, '').trim()
    const [, name] = sectionForm.exec(content) ?? []
    if (name !== undefined) section = name.trim()
    const properties = sections.get(section) ?? new Map<string, string>()
    sections.set(section, properties)
    const [, key, value] = propertyForm.exec(content) ?? []
    if (key !== undefined && value !== undefined) properties.set(key, value)
  }
  const hasSections = [...sections.keys()].some((name) => name !== undefined)
  const properties = sections.get(hasSections ? 'default' : undefined)
  const accessKeyId = properties?.get('aws_access_key_id')
  const secretAccessKey = properties?.get('aws_secret_access_key')
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey }
}
