/** The AWS KMS checks of `signet check-config`. */
import { existsSync } from 'node:fs'
import { kmsOptionsOf, requireUsableKmsKey } from '../data-folder/kms-master-key.ts'
import { ConfigurationError } from '../errors.ts'
import { createKms } from '../keys/kms/kms-client.ts'
import { KmsError } from '../keys/kms/kms-error.ts'
import { storesOfNewKeys } from '../keys/stores/index.ts'
import { systemRandom } from '../random.ts'
import type { Config } from '../settings/config.ts'

/** Alias in the test request to KMS. The alias does not have to exist. */
const probeAlias = 'alias/signet/check-config'

/**
 * Sends a test request to KMS if the keys of new CAs are created in KMS. A response that reports a missing alias shows that the
 * server has access.
 */
export async function checkNewKeys({ keys }: Config): Promise<void> {
  const { region } = keys.kms
  if (!storesOfNewKeys(keys).has('kms') || region === undefined) return
  const kms = createKms({ ...keys.kms, random: systemRandom })
  try {
    await kms.send(region, (sdk) => new sdk.DescribeKeyCommand({ KeyId: probeAlias }))
  } catch (error) {
    if (!(error instanceof KmsError)) throw error
    if (error.problem === 'not-found') return
    const place = keys.kms.endpoint ?? `AWS KMS in ${region}`
    const advice =
      error.problem === 'denied' ? '; check the credentials of the server and its IAM policy' : ''
    throw new ConfigurationError(
      `${keys.standards === undefined ? '--ca-keys' : '--key-storage-standards'}: ${place} cannot be used: ${error.message}${advice}`,
    )
  } finally {
    kms.close()
  }
}

/**
 * Checks the KMS key that would encrypt a new master key at the first start. The database check already decrypts an existing
 * master key file.
 */
export async function checkMasterKeyInKms(config: Config): Promise<void> {
  const { masterKeyKms, masterKeyFile } = config
  if (masterKeyKms === undefined || existsSync(masterKeyFile)) return
  await requireUsableKmsKey(masterKeyKms, kmsOptionsOf(config))
}
