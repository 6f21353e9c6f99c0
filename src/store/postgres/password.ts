/** The PostgreSQL password, which is read from the configured source. */
import { readFile, stat } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'

/** Reads the password for a connection. Throws ConfigurationError if the password cannot be read. */
export async function readPassword(place: PostgresConnectionOptions): Promise<string> {
  const { password } = place
  if (password.kind === 'text') return password.text
  if (password.kind === 'file') return firstLine(await readPrivate(password.path))
  const found =
    password.kind === 'pgpass'
      ? findInPasswordFile(await readPrivate(password.path), place)
      : undefined
  if (found === undefined)
    throw new ConfigurationError('the server requires a password, and none is configured')
  return found
}

/** Reads a password file. Like libpq, the function refuses a file that other users can read. */
async function readPrivate(path: string): Promise<string> {
  let mode: number
  let text: string
  try {
    mode = (await stat(path)).mode
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { message } = error as Error
    throw new ConfigurationError(`the password file ${path} cannot be read: ${message}`, {
      cause: error,
    })
  }
  if ((mode & 0o077) !== 0)
    throw new ConfigurationError(
      `the password file ${path} can be read by others; make it private with: chmod 600 '${path}'`,
    )
  return text
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? ''
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
