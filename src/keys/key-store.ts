/** The interface to the private keys of CAs. A key store creates, uses and erases keys, and never exposes a private key. */
import type { KeyAlgorithm, SigningAlgorithm } from '../authority/algorithms.ts'
import type { KeyStorageSecurityStandard } from '../authority/key-storage.ts'

/** Location of a key as a URI: `local:<name>`, `pkcs11:…` or `kms:<key ARN>`. The URI scheme identifies the key store. */
export type KeyHandle = string

/** Whether the key is in a token or in KMS, and can therefore be temporarily unavailable. */
export function isRemoteKey(handle: KeyHandle): boolean {
  return !handle.startsWith('local:')
}

export interface CreatedKey {
  readonly handle: KeyHandle
  readonly subjectPublicKeyInfo: Uint8Array
}

/**
 * A store of CA private keys. All methods may be called concurrently. No method blocks its thread for more than a few
 * milliseconds.
 */
export interface KeyStore {
  /**
   * Creates a key pair, which is durable once the promise resolves. A repeated call with the same name and algorithm returns the
   * existing key pair, so that a caller can repeat an interrupted creation. If there are several stores, the CA's storage
   * standard selects one.
   */
  create(
    name: string,
    algorithm: KeyAlgorithm,
    standard?: KeyStorageSecurityStandard,
  ): Promise<CreatedKey>
  /**
   * Signs `message` itself, not a digest of it. Returns the content of the signature BIT STRING: the bytes of an RSA PKCS#1
   * v1.5 signature, or the DER of an ECDSA-Sig-Value. Throws KeyNotFoundError or KeyUnavailableError.
   */
  sign(handle: KeyHandle, algorithm: SigningAlgorithm, message: Uint8Array): Promise<Uint8Array>
  /** Erases the key permanently. Erasing a nonexistent key is not an error. */
  destroy(handle: KeyHandle): Promise<void>
}

/** A key store with resources that must be closed, such as sessions with an HSM. */
export interface OpenKeyStore extends KeyStore {
  /** Rejects pending calls with KeyUnavailableError, and releases all resources of the key store. */
  close?(): Promise<void>
}

/** Thrown if the key was erased or never existed. */
export class KeyNotFoundError extends Error {
  override name = 'KeyNotFoundError'
}

/** Thrown if the key exists but currently cannot be used, because its store is unreachable or cannot decrypt the key. */
export class KeyUnavailableError extends Error {
  override name = 'KeyUnavailableError'
}

/** Thrown if the key store does not support the key algorithm. */
export class UnsupportedKeyAlgorithmError extends Error {
  override name = 'UnsupportedKeyAlgorithmError'
}
