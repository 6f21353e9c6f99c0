/** Requests that local commands send to a running server. */
import { encrypt } from '../backup/encryption.ts'
import { readRecipients } from '../backup/key-files.ts'
import type { Clock } from '../clock.ts'
import type { DataFolder } from '../data-folder/data-folder.ts'
import { masterKeyId, masterKeyText } from '../data-folder/master-key.ts'
import { ConfigurationError } from '../errors.ts'
import type { LocalHandler } from '../local-channel/serve.ts'
import type { Actor } from '../record/leaf.ts'
import { sha256 } from '../record/merkle.ts'
import { appendEvent } from '../store/leaves.ts'
import type { Log } from '../telemetry/log.ts'

interface LocalHandlerOptions {
  readonly data: Pick<DataFolder, 'db' | 'masterKeys'>
  readonly clock: Clock
  readonly log: Log
}

/** Creates the handler for requests on the local channel. */
export function createLocalHandler(options: LocalHandlerOptions): LocalHandler {
  return async (request) => {
    switch (request.command) {
      case 'export-master-key':
        return exportMasterKey(options, request.recipients, actorOf(request.actor))
      case 'unlock':
        throw new ConfigurationError('the server is not locked')
      case 'unlock-progress':
        return { Locked: false }
      default:
        throw new ConfigurationError(
          'the server does not support this request; the command and the server are different versions',
        )
    }
  }
}

/** Maximum length of each string in a request, in UTF-16 code units. */
const actorTextMax = 1000

/**
 * Checks the strings that identify the sender of a request. The server does not verify the identity. Only root and the data
 * folder's owner can send requests, and both could also write the record directly. Throws ConfigurationError if a string is
 * missing or too long.
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

/** Encrypts the content of the master key file. The master key itself never leaves the process. */
async function exportMasterKey(
  { data: { db, masterKeys }, clock, log }: LocalHandlerOptions,
  text: string,
  actor: Actor,
) {
  const recipients = await readRecipients(text)
  const { current } = masterKeys
  const content = Buffer.from(masterKeyText(current))
  const chunks: Uint8Array[] = []
  for await (const chunk of encrypt({ kind: 'recipients', recipients }, toAsync([content])))
    chunks.push(chunk)
  content.fill(0)
  const id = masterKeyId(current)
  const file = Buffer.concat(chunks)
  const event = { event: 'master-key-export', masterKeyId: id, recipients: recipients.length }
  await db.transaction([
    appendEvent({ time: clock.now(), actor }, { ...event, sha256: sha256(file) }),
  ])
  log.warn(
    { masterKeyId: id, recipients: recipients.length },
    'a local command exported the master key',
  )
  return { MasterKeyId: id, File: file.toString('base64') }
}

// oxlint-disable-next-line typescript/require-await -- an iterable of known values
async function* toAsync<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}
