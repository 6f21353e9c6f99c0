import type { KeyAlgorithm } from '../authority/algorithms.ts'

/** A stored key pair. Only the public key is stored in plaintext. */
export interface KeyRecord {
  readonly name: string
  /** The key algorithm. ED25519 is used only for the record's key, never for a CA. */
  readonly algorithm: KeyAlgorithm | 'ED25519'
  /** SubjectPublicKeyInfo of the key, in DER. */
  readonly subjectPublicKeyInfo: Uint8Array
  /** ID of the master key; empty for the master key before the first rotation. */
  readonly masterKeyId: string
  /** The data key of the stored key, sealed under the master key. */
  readonly dataKeySealed: Uint8Array
  /** Private key as PKCS #8 in DER, sealed under the data key. */
  readonly privateKeySealed: Uint8Array
}

/** Storage for local keys. A change is durable once its promise resolves. */
export interface KeyRecords {
  find(name: string): Promise<KeyRecord | undefined>
  /**
   * Stores a key record unless its name is already taken, and resolves to the stored record with that name. If a rotation has
   * replaced the record's master key, the function stores nothing and resolves to undefined.
   */
  insertIfAbsent(record: KeyRecord): Promise<KeyRecord | undefined>
  /**
   * Erases a key record, including every copy of the record in the store's files. Erasing a nonexistent record is not an error.
   */
  erase(name: string): Promise<void>
}
