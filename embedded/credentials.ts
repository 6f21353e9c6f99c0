/** The administrator's credentials, read from the file that the first startup creates. */
import { readFile } from 'node:fs/promises'
import { ConfigurationError } from '../src/errors.ts'
import { parseCredentials, type Credentials } from '../src/text/credentials-file.ts'

/** Reads the default profile of a shared credentials file. Throws ConfigurationError if the file has no default profile. */
export async function readCredentials(path: string): Promise<Credentials> {
  const credentials = parseCredentials(await readText(path))
  if (credentials === undefined)
    throw new ConfigurationError(`${path} has no access key in its [default] section; ${advice}`)
  return credentials
}

const advice = "pass 'credentials' with an access key from 'signet access-key create'"

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigurationError(
      `the credentials file ${path} cannot be read: ${(error as Error).message}; ${advice}`,
      { cause: error },
    )
  }
}
