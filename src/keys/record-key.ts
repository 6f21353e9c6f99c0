/** The Ed25519 key that signs checkpoints of the record. The key is stored like a CA key. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Random } from '../random.ts'
import { createSealer, type SealerRing } from '../sealer.ts'
import type { KeyRecord } from './key-records.ts'

/** Name of the record's key. The names of CA keys are UUIDs, so this name cannot collide with them. */
export const recordKeyName = 'record'

const dataKeyBytes = 32

/** Creates a key for the record. The private key is sealed under the current master key. */
export function createRecordKey(
  sealers: SealerRing,
  random: Random,
): { readonly record: KeyRecord; readonly privateKey: KeyObject } {
  const { privateKey } = generateKeyPairSync('ed25519')
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  const dataKey = random.bytes(dataKeyBytes)
  const { masterKeyId, sealer } = sealers.current()
  try {
    const record: KeyRecord = {
      name: recordKeyName,
      algorithm: 'ED25519',
      subjectPublicKeyInfo: Uint8Array.from(
        createPublicKey(privateKey).export({ format: 'der', type: 'spki' }),
      ),
      masterKeyId,
      dataKeySealed: sealer.seal(recordKeyName, dataKey),
      privateKeySealed: createSealer(dataKey, random).seal(recordKeyName, pkcs8),
    }
    return { record, privateKey }
  } finally {
    pkcs8.fill(0)
    dataKey.fill(0)
  }
}
