/** Requests of local commands to a running server. */
import { encrypt } from '../backup/encryption.ts'
import { readRecipients } from '../backup/key-files.ts'
import { masterKeyId, masterKeyText } from '../data-folder/master-key.ts'
import type { MasterKeyRing } from '../data-folder/master-key-ring.ts'
import { ConfigurationError } from '../errors.ts'
import type { LocalHandler } from '../local-channel/serve.ts'
import type { Log } from '../telemetry/log.ts'

/** Creates the handler of the local channel. */
export function createLocalHandler(masterKeys: MasterKeyRing, log: Log): LocalHandler {
  return async (request) => {
    switch (request.command) {
      case 'export-master-key':
        return exportMasterKey(masterKeys, request.recipients, log)
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

/** Encrypts the content of the master key file. The key itself never leaves the process. */
async function exportMasterKey(masterKeys: MasterKeyRing, text: string, log: Log) {
  const recipients = await readRecipients(text)
  const { current } = masterKeys
  const content = Buffer.from(masterKeyText(current))
  const chunks: Uint8Array[] = []
  for await (const chunk of encrypt({ kind: 'recipients', recipients }, toAsync([content])))
    chunks.push(chunk)
  content.fill(0)
  const id = masterKeyId(current)
  log.warn(
    { masterKeyId: id, recipients: recipients.length },
    'a local command exported the master key',
  )
  return { MasterKeyId: id, File: Buffer.concat(chunks).toString('base64') }
}

// oxlint-disable-next-line typescript/require-await -- an iterable of values that are known
async function* toAsync<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}
