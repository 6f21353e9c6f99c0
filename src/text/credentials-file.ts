/** An access key, in the form of AWS SDKs. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * The access key in the section [default] of a shared credentials file, or in a file without sections; undefined if there is
 * none.
 */
export function parseCredentials(text: string): Credentials | undefined {
  const [, inDefault = ''] = /^\s*\[default\]\s*$([^[]*)/m.exec(text) ?? []
  const section = /^\s*\[/m.test(text) ? inDefault : text
  const valueOf = (name: string): string | undefined =>
    new RegExp(String.raw`^\s*${name}\s*=\s*(\S+)\s*$`, 'm').exec(section)?.[1]
  const accessKeyId = valueOf('aws_access_key_id')
  const secretAccessKey = valueOf('aws_secret_access_key')
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey }
}
