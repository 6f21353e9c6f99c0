/** The key that signs checkpoints of the record: Ed25519, stored like the key of a CA. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Random } from '../random.ts'
import { createSealer, type Sealer } from '../sealer.ts'
import type { KeyRecord, KeyRecords } from './key-records.ts'
import { openKeyRecord } from './local-key-store.ts'

/** Name of the key. CAs have UUIDs as names, so that none has this one. */
export const recordKeyName = 'record'

const dataKeyBytes = 32

interface RecordKeyOptions {
  readonly records: KeyRecords
  /** Seals data keys. */
  readonly sealer: Sealer
  readonly random: Random
}

/** Returns the private key, and creates it first if it does not exist. Throws KeyUnavailableError if it cannot be decrypted. */
export async function openRecordKey(options: RecordKeyOptions): Promise<KeyObject> {
  const { records, sealer, random } = options
  const record =
    (await records.find(recordKeyName)) ?? (await records.insertIfAbsent(makeRecord(options)))
  return openKeyRecord(record, { sealer, random })
}

function makeRecord({ sealer, random }: RecordKeyOptions): KeyRecord {
  const { privateKey: key } = generateKeyPairSync('ed25519')
  const privateKey = key.export({ format: 'der', type: 'pkcs8' })
  const subjectPublicKeyInfo = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const dataKey = random.bytes(dataKeyBytes)
  try {
    return {
      name: recordKeyName,
      algorithm: 'ED25519',
      subjectPublicKeyInfo: Uint8Array.from(subjectPublicKeyInfo),
      dataKeySealed: sealer.seal(recordKeyName, dataKey),
      privateKeySealed: createSealer(dataKey, random).seal(recordKeyName, privateKey),
    }
  } finally {
    privateKey.fill(0)
    dataKey.fill(0)
  }
}
