/** The console's OAuth client secret, which never leaves the server. */
import { ConfigurationError } from '../../errors.ts'
import { firstLine, readPrivateFile } from '../../files/private-file.ts'

const secretLengthMax = 1024

/**
 * Reads the client secret from the first line of a file. Throws ConfigurationError if the file cannot be read, if other users
 * can read it, or if it contains no secret.
 */
export async function readClientSecret(path: string): Promise<string> {
  const flag = '--console-sso-client-secret-file'
  const secret = firstLine(await readPrivateFile(path, `${flag}: ${path}`))
  if (!/^[\x20-\x7E]+$/.test(secret) || secret.length > secretLengthMax)
    throw new ConfigurationError(
      `${flag}: the first line of ${path} must be the client secret, of at most ${secretLengthMax} printable ASCII characters`,
    )
  return secret
}
