import type { KeyAlgorithm } from '../authority/algorithms.ts'

/** A stored key. Only its public key is in plaintext. */
export interface KeyRecord {
  readonly name: string
  /** ED25519 is the algorithm of the key of the record, and of no CA. */
  readonly algorithm: KeyAlgorithm | 'ED25519'
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** ID of the master key. Empty: the key before the first rotation of the master key. */
  readonly masterKeyId: string
  /** The key's data key, sealed under the master key. */
  readonly dataKeySealed: Uint8Array
  /** PKCS #8 DER, sealed under the data key. */
  readonly privateKeySealed: Uint8Array
}

/** Storage of local keys. A change is durable once its promise resolves. */
export interface KeyRecords {
  find(name: string): Promise<KeyRecord | undefined>
  /**
   * Stores the record unless the name is taken. Resolves to the stored record of that name. Undefined, and nothing is stored, if
   * the master key of the record was replaced by a rotation.
   */
  insertIfAbsent(record: KeyRecord): Promise<KeyRecord | undefined>
  /** Erases the record and every copy of it in the store's files. Erasing a nonexistent record is not an error. */
  erase(name: string): Promise<void>
}
