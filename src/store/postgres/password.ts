/** The password for PostgreSQL, from where the operator keeps it. */
import { readFile, stat } from 'node:fs/promises'
import { ConfigurationError } from '../../errors.ts'
import type { PostgresConnectionOptions } from './connection-options.ts'

/** The password for a connection. Throws ConfigurationError if it cannot be had. */
export async function readPassword(place: PostgresConnectionOptions): Promise<string> {
  const { password } = place
  if (password.kind === 'text') return password.text
  if (password.kind === 'file') return firstLine(await readPrivate(password.path))
  const found =
    password.kind === 'pgpass'
      ? findInPasswordFile(await readPrivate(password.path), place)
      : undefined
  if (found === undefined)
    throw new ConfigurationError('the server asks for a password, and there is none for it')
  return found
}

/** As libpq, refuses a file that others can read. */
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

/** Lines of host:port:database:user:password; `*` is any, and a backslash takes `:` and `\` as they are. */
function findInPasswordFile(text: string, place: PostgresConnectionOptions): string | undefined {
  // A socket in the standard folder is called localhost there.
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
