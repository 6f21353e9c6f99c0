import { ConfigurationError } from '../errors.ts'
import type { Actor } from '../record/leaf.ts'

/** Maximum length of each string, in UTF-16 code units. */
const actorTextMax = 1000

/**
 * Checks the strings that identify who sent a request. They are not proven: only the owner of the data folder and root can send
 * requests, and both could also write the record directly. Throws ConfigurationError if a string is missing or too long.
 */
export function actorOf(actor: unknown): Actor {
  const { osUser, sudoUser, host, command } = (actor ?? {}) as Readonly<Record<string, unknown>>
  const texts = { osUser, sudoUser, host, command }
  for (const [name, text] of Object.entries(texts))
    if (text !== undefined && (typeof text !== 'string' || text.length > actorTextMax))
      throw new ConfigurationError(`the request has an invalid actor: ${name}`)
  if (typeof osUser !== 'string')
    throw new ConfigurationError(
      'the request specifies no user; the command and the server are different versions',
    )
  return texts as Actor
}
