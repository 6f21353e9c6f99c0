import type { KeyAlgorithm } from '../authority/algorithms.ts'
import type { KeyHandle } from './key-store.ts'

/** A key pair that is stored in a token, outside the database. The database record of the key pair contains nothing secret. */
export interface TokenKeyRecord {
  readonly name: string
  readonly algorithm: KeyAlgorithm
  readonly handle: KeyHandle
  /** SubjectPublicKeyInfo of the key, in DER. */
  readonly subjectPublicKeyInfo: Uint8Array
}

/** Storage for the locations of keys in tokens. A change is durable once its promise resolves. */
export interface TokenKeyRecords {
  find(name: string): Promise<TokenKeyRecord | undefined>
  /** Stores the record of a key pair unless its name is already taken. Resolves to the stored record with that name. */
  insertIfAbsent(record: TokenKeyRecord): Promise<TokenKeyRecord>
  /** Erases the record that has the given name and handle. Erasing a nonexistent record is not an error. */
  erase(name: string, handle: KeyHandle): Promise<void>
}
