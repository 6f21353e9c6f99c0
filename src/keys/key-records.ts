import type { KeyAlgorithm } from '../authority/algorithms.ts'

/** A key as it is stored: nothing in clear but its public half. */
export interface KeyRecord {
  readonly name: string
  readonly algorithm: KeyAlgorithm
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** The key's data key, sealed under the master key. */
  readonly dataKeySealed: Uint8Array
  /** PKCS #8 DER, sealed under the data key. */
  readonly privateKeySealed: Uint8Array
}

/** Where local keys are stored. Every method is durable once it resolves. */
export interface KeyRecords {
  find(name: string): Promise<KeyRecord | undefined>
  /** Stores the record unless there is one of its name; resolves to the one that is there. */
  insertIfAbsent(record: KeyRecord): Promise<KeyRecord>
  /** Erases it, so that no copy is left in what the store wrote. Erasing what is gone is not an error. */
  erase(name: string): Promise<void>
}
