import type { KeyAlgorithm } from '../authority/algorithms.ts'
import type { KeyHandle } from './key-store.ts'

/** A key pair outside the database, in a token. The record contains nothing secret. */
export interface TokenKeyRecord {
  readonly name: string
  readonly algorithm: KeyAlgorithm
  readonly handle: KeyHandle
  /** SubjectPublicKeyInfo in DER. */
  readonly subjectPublicKeyInfo: Uint8Array
}

/** Storage for the locations of keys in tokens. A change is durable once its promise resolves. */
export interface TokenKeyRecords {
  find(name: string): Promise<TokenKeyRecord | undefined>
  /** Stores the record unless the name is taken. Resolves to the stored record with that name. */
  insertIfAbsent(record: TokenKeyRecord): Promise<TokenKeyRecord>
  /** Erases the record with the given name and handle. Erasing a nonexistent record is not an error. */
  erase(name: string, handle: KeyHandle): Promise<void>
}
