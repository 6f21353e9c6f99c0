/** The PostgreSQL password, which is read from the configured source. */
import { ConfigurationError } from '../../errors.ts'
import { firstLine, readPrivateFile } from '../../files/private-file.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'

/** Reads the password for a connection. Throws ConfigurationError if the password cannot be read. */
export async function readPassword(place: PostgresConnectionOptions): Promise<string> {
  const { password } = place
  if (password.kind === 'text') return password.text
  if (password.kind === 'file') return firstLine(await readPasswordFile(password.path))
  const found =
    password.kind === 'pgpass'
      ? findInPasswordFile(await readPasswordFile(password.path), place)
      : undefined
  if (found === undefined)
    throw new ConfigurationError('the server requires a password, but none is configured')
  return found
}

/** Reads a password file. As in libpq, a file that other users can read is refused. */
function readPasswordFile(path: string): Promise<string> {
  return readPrivateFile(path, `the password file ${path}`)
}

/**
 * Finds the password in lines of the form host:port:database:user:password. `*` matches any value, and a backslash escapes `:`
 * and `\`.
 */
function findInPasswordFile(text: string, place: PostgresConnectionOptions): string | undefined {
  // In a password file, `localhost` also stands for a Unix socket in the standard directory.
  const host = place.host === '/var/run/postgresql' ? 'localhost' : place.host
  const target = [host, String(place.port), place.database, place.user]
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/gs)].map(([, field = '']) => field)
    const values = fields.map((field) => field.replaceAll(/\\(.)/gs, '$1'))
    const isMeant = target.every((one, index) => fields[index] === '*' || values[index] === one)
    if (isMeant && values[4] !== undefined) return values[4]
  }
  return undefined
}
