/** The console's OAuth client secret, which never leaves the server. */
import { readFile, stat } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.ts'

const secretLengthMax = 1024

/**
 * Reads the client secret from the first line of a file. Throws ConfigurationError if the file cannot be read, if other users
 * can read it, or if it contains no secret.
 */
export async function readClientSecret(path: string): Promise<string> {
  const flag = '--console-sso-client-secret-file'
  let mode: number
  let text: string
  try {
    mode = (await stat(path)).mode
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new ConfigurationError(`${flag}: ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
  if ((mode & 0o077) !== 0)
    throw new ConfigurationError(
      `${flag}: ${path} can be read by others; make it private with: chmod 600 '${path}'`,
    )
  const [secret = ''] = text.split(/\r?\n/, 1)
  if (!/^[\x20-\x7E]+$/.test(secret) || secret.length > secretLengthMax)
    throw new ConfigurationError(
      `${flag}: the first line of ${path} must be the client secret, of at most ${secretLengthMax} printable ASCII characters`,
    )
  return secret
}
