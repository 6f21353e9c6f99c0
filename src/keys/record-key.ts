/** The key that signs checkpoints of the record: Ed25519, stored like the key of a CA. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Random } from '../random.ts'
import { createSealer, type SealerRing } from '../sealer.ts'
import type { KeyRecord, KeyRecords } from './key-records.ts'
import { KeyUnavailableError } from './key-store.ts'
import { openKeyRecord } from './local-key-store.ts'

/** Name of the key. CAs have UUIDs as names, so that none has this one. */
export const recordKeyName = 'record'

const dataKeyBytes = 32

interface RecordKeyOptions {
  readonly records: KeyRecords
  /** Seal data keys. */
  readonly sealers: SealerRing
  readonly random: Random
}

/** Returns the private key, and creates it first if it does not exist. Throws KeyUnavailableError if it cannot be decrypted. */
export async function openRecordKey(options: RecordKeyOptions): Promise<KeyObject> {
  const { records, sealers, random } = options
  const record = (await records.find(recordKeyName)) ?? (await insert(options))
  return openKeyRecord(record, { sealers, random })
}

async function insert(options: RecordKeyOptions): Promise<KeyRecord> {
  const record = await options.records.insertIfAbsent(makeRecord(options))
  if (record !== undefined) return record
  // A rotation has replaced the master key since this process last read it.
  await options.sealers.refresh()
  const repeated = await options.records.insertIfAbsent(makeRecord(options))
  if (repeated !== undefined) return repeated
  throw new KeyUnavailableError(
    'the key of the record cannot be stored: the master key of this process was replaced',
  )
}

function makeRecord({ sealers, random }: RecordKeyOptions): KeyRecord {
  const { privateKey: key } = generateKeyPairSync('ed25519')
  const privateKey = key.export({ format: 'der', type: 'pkcs8' })
  const subjectPublicKeyInfo = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const dataKey = random.bytes(dataKeyBytes)
  const { masterKeyId, sealer } = sealers.current()
  try {
    return {
      name: recordKeyName,
      algorithm: 'ED25519',
      subjectPublicKeyInfo: Uint8Array.from(subjectPublicKeyInfo),
      masterKeyId,
      dataKeySealed: sealer.seal(recordKeyName, dataKey),
      privateKeySealed: createSealer(dataKey, random).seal(recordKeyName, privateKey),
    }
  } finally {
    privateKey.fill(0)
    dataKey.fill(0)
  }
}
