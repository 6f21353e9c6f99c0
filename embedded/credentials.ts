/** The administrator's credentials, where the first start has written them. */
import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../src/errors.ts'

/** As AWS SDKs take them. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Reads the default profile of a shared credentials file. Throws ConfigurationError if it has none. */
export async function readCredentials(path: string): Promise<Credentials> {
  const text = await readText(path)
  const [, section = ''] = /^\s*\[default\]\s*$([^[]*)/m.exec(text) ?? []
  const valueOf = (name: string): string | undefined =>
    new RegExp(String.raw`^\s*${name}\s*=\s*(\S+)\s*$`, 'm').exec(section)?.[1]
  const accessKeyId = valueOf('aws_access_key_id')
  const secretAccessKey = valueOf('aws_secret_access_key')
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new ConfigurationError(`${path} has no access key in a section [default]; ${advice}`)
  return { accessKeyId, secretAccessKey }
}

const advice = 'give "credentials", of a key that "signet access-key create" made'

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigurationError(
      `the credentials in ${path} cannot be read: ${(error as Error).message}; ${advice}`,
      { cause: error },
    )
  }
}
